"""Streams into pods: logs, exec, attach and port-forward, passed through to the node that runs the pod.

In: requests for these subresources, and the frames of a client. Out: frames of the node agent's `Streams` service, and
back. It also knows how such frames travel inside WebSockets (channels, SPDY). It must not know what a container is.
"""
