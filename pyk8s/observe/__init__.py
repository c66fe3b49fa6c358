"""What the programs say about themselves: logs, metrics, health.

Every room may use it; it knows nothing of Kubernetes objects and nothing of who reads it.
"""
