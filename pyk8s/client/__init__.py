"""How our own programs talk to the API: one interface, `interface.Client`, and what is built on it.

In: a connection (`wire.kubeconfig`) or a handler in the same process. Out: objects as Kubernetes JSON bytes, caches of
them kept current (`reflector`, `informer`), events told about them (`recorder`), streams into containers (`streams`).
It must not know where the objects are stored, nor what any kind means: that is the business of those who ask.
"""
