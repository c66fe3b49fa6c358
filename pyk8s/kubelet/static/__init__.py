"""Pods from files on the node, run with or without an API, and their copies in the API (mirror pods), which people see.

Source: Kubernetes documentation, "Create static Pods".
"""
