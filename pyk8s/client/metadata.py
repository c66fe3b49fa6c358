"""The name and version of an object, whether it was decoded into dicts or into a struct."""

from __future__ import annotations

from typing import Any


def key_of(obj: Any) -> str:
    """`namespace/name` of a namespaced object, the bare `name` of a cluster-scoped one.

    A struct has `metadata.namespace` and `metadata.name`; a dict the same as keys.
    """
    if isinstance(obj, dict):
        metadata = obj["metadata"]
        namespace, name = metadata.get("namespace"), metadata["name"]
    else:
        namespace, name = obj.metadata.namespace, obj.metadata.name
    return f"{namespace}/{name}" if namespace else name


def split(key: str) -> tuple[str, str]:
    """The namespace ("" when there is none) and the name of a key."""
    namespace, _, name = key.rpartition("/")
    return namespace, name


def version_of(obj: Any) -> str:
    """The resource version of an object; a struct holds it as `metadata.resource_version`."""
    metadata = obj["metadata"] if isinstance(obj, dict) else None
    version: str = obj.metadata.resource_version if metadata is None else metadata.get("resourceVersion", "")
    return version


def uid_of(obj: Any) -> str:
    """The uid of an object; "" when it has none yet."""
    metadata = obj["metadata"] if isinstance(obj, dict) else None
    uid: str = obj.metadata.uid if metadata is None else metadata.get("uid", "")
    return uid
