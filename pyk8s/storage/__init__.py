"""Bytes under keys, with revisions: on a real etcd, and in memory behind the same interface.

Enters: keys (`keys`), values, the revision a write expects. Leaves: items, pages, batches of events, the errors of
`interface`. It must not know what the bytes mean, nor who asks; only the API server (and what starts it) imports it.
"""
