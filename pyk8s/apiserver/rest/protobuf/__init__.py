"""Bodies in Kubernetes' protobuf, which Go clients send for built-in kinds: read into JSON, never written.

In: the bytes of a body. Out: the same object as JSON. `fields.txt` (made by scripts/protobuf-fields) says which field
has which number; nothing else here knows any kind.
"""
