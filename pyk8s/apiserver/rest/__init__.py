"""The HTTPS door: the Kubernetes API as `kubectl`, helm and client libraries speak it.

In: HTTP requests. Out: `Request` values for the chain, and its answers as HTTP. It has no logic of its own: what a
request means and whether it may be is decided below. It must not know the store.
"""
