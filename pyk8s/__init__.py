"""A real Kubernetes cluster in Python, on real parts: etcd stores, containerd runs, the kernel forwards.

The rooms and the order in which they may know each other are described in docs/architecture.md.
"""

__version__ = "0.1.0"

KUBERNETES_VERSION = "1.37.0"
"""Whose API is spoken."""
