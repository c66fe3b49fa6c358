"""What the cluster's own rules make of a write, after the schema and before the store: filled in, or refused.

Enters: an object and a `Review` (who writes what, and what is there now). Leaves: the object, maybe changed, or an
ApiError. Order is data (`order.ORDER`), and a plugin that does not concern a resource and verb is never called. It must
not know how requests arrive or how objects are stored; what it reads of other objects it reads through `Lookup`.
"""
