"""What is wrong with an object: its shape, its metadata, and the rules that no schema can say.

In: a resource and its object (decoded, defaults applied), and the object it is to replace. Out: causes, each with the
path of its field, in the words clients of Kubernetes know. Everything is a pure function; nothing here knows of other
objects, users or the store.
"""
