"""The kernel as values: links, routes, namespaces, mounts, cgroups, packet rules.

Enters: a transaction, a tuple of actions made by some plan. Leaves: the change, or one error of `kernel.errors`. Each
thing is a folder: `values` (what it looks like, what to change, the plan; no I/O, any plan may import it), `run` (the
thin hand), `fake` (the same on a dictionary, for tests). It must not know pods, services or nodes.

What runs here blocks for a fraction of a millisecond a message: call it from a thread when a loop must not wait.
"""
