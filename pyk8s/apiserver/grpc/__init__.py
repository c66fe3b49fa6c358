"""The gRPC door: the API for our own components and the command line, and the streams into pods.

In: messages of protos/pyk8s/v1. Out: `Request` values for the chain, and its answers as messages. It has no logic of
its own, like the HTTPS door beside it, and does not know that one.
"""
