"""What an object of the Kubernetes API is: its kind, shape, defaults, rules, selectors, patches and printed form.

In: objects as plain dicts (as orjson decodes them), names and texts that a client wrote, and the published OpenAPI
definitions of Kubernetes. Out: the same objects with defaults, lists of what is wrong with them, patched copies,
tables for printing, documents for discovery. Everything here is a function of its arguments.

This room must not know who asks, where objects are stored, or how they travel: no network, no store, no clock (the
time is always handed in).
"""
