"""Connections: certificates and keys, TLS, gRPC channels and servers, tokens, and the file that names a server.

In: paths, names, addresses. Out: credentials, channels, servers, and errors of `pyk8s.api`. It knows the shape of what
travels (references, statuses) but nothing of what a request means, and nothing of the rooms above.
"""
