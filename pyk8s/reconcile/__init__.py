"""What every controller is made of: a queue of keys, a loop that serves it, and the rules of owning objects.

In: keys ("ns/name") of objects that changed, informers to read from. Out: calls of a `reconcile(key)` that each room
writes for itself. It must not know any kind; `objects` holds the few fields that controllers read of each.
"""
