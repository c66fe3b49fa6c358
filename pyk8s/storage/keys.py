"""Where objects stand in the store: `/registry/[group/]plural/[namespace/]name`.

A collection's part can be told from its key alone: a group has a dot in its name or is one of the few old ones, and no
plural of the core group looks like that.
"""

from __future__ import annotations

from typing import Final

ROOT: Final = "/registry/"

COMPACTION: Final = "/pyk8s/compaction"
"""Written by every round of compaction; the next round compacts at this write (see `storage.upkeep`)."""

DOTLESS_GROUPS: Final = frozenset({"apps", "autoscaling", "batch", "extensions", "policy"})
"""The groups without a dot. Source: Kubernetes API groups; later ones must be domain names."""


def collection(group: str, plural: str) -> str:
    """What tells one collection from all others: "pods", "apps/deployments"."""
    return f"{group}/{plural}" if group else plural


def prefix(group: str, plural: str, namespace: str = "") -> str:
    """What the keys of a collection, or of its part in one namespace, begin with; ends with "/"."""
    below = f"{namespace}/" if namespace else ""
    return f"{ROOT}{collection(group, plural)}/{below}"


def key(group: str, plural: str, namespace: str, name: str) -> str:
    """The key of one object; `namespace` is "" for a cluster-scoped one."""
    return prefix(group, plural, namespace) + name


def split(full: str) -> tuple[str, str]:
    """The collection and the rest of a key: ("apps/deployments", "default/web"), ("nodes", "n1").

    Raises ValueError for a key that is not below ROOT or names no object.
    """
    if not full.startswith(ROOT):
        raise ValueError(f"{full!r} is not the key of an object: it does not begin with {ROOT!r}")
    first, _, rest = full[len(ROOT) :].partition("/")
    if first in DOTLESS_GROUPS or "." in first:
        second, _, rest = rest.partition("/")
        first = f"{first}/{second}"
    if not rest:
        raise ValueError(f"{full!r} is not the key of an object: nothing follows the collection")
    return first, rest


def end_of(start: str) -> bytes:
    """The first key behind all that begin with `start`, as etcd's ranges want it."""
    whole = start.encode()
    return whole[:-1] + bytes([whole[-1] + 1])
