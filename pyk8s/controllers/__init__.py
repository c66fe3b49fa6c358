"""The controllers: each watches some kinds and writes until the cluster is as they say.

In: informers and a client for each controller, by `roster.run`. Out: writes to the API. Every controller is a folder
with a `plan` (pure: what to do) and a `reconcile` (reads caches, carries the plan out); none knows another.
"""
