"""The node's own gRPC service: logs, exec, attach and port-forward for the pods of this node.

In: calls of the API server, which alone may call. Out: frames of protos/pyk8s/v1/streams.proto. What a caller may do to
which pod was decided by the API server; here only the pods of this node are known.
"""
