"""The API server: one registry of objects behind two doors, HTTPS and gRPC.

In: requests of both doors. Out: answers, watches, streams into pods, and everything in the store. A request travels
door -> chain -> registry (or documents, or tunnel) -> cacher and storage; what each step knows stands in `request`.
It must not know the controllers, the scheduler or the kubelet, but for the kubelet's stream service.
"""
