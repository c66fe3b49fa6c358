"""What happened to one object, and how it is told."""

from __future__ import annotations

from typing import Any

import orjson

from pyk8s.api.resources import Resource
from pyk8s.apiserver.cacher.cached import Cached
from pyk8s.apiserver.cacher.selection import Selection
from pyk8s.client.interface import WatchEvent

INITIAL_EVENTS_END = "k8s.io/initial-events-end"
"""The annotation of the bookmark after the events that say what was there at first. Source: KEP-3157."""


class Change:
    """One write to one object: `old` is None when it was created, `new` when it was removed.

    `version` is what a watcher may resume from when it has seen this: the revision, or the one before when more of the
    same revision follows, so that nothing of it can be lost.
    """

    __slots__ = ("_added", "_deleted", "_modified", "key", "new", "old", "revision", "version")

    def __init__(self, key: str, revision: int, old: Cached | None, new: Cached | None, *, more: bool = False) -> None:
        self.key, self.revision, self.old, self.new = key, revision, old, new
        self.version = revision - 1 if more else revision
        self._added: WatchEvent | None = None
        self._modified: WatchEvent | None = None
        self._deleted: WatchEvent | None = None

    @property
    def plain(self) -> WatchEvent:
        """How a watcher of the whole collection is told."""
        return self.added if self.old is None else self.deleted if self.new is None else self.modified

    def told(self, selection: Selection) -> WatchEvent | None:
        """How a watcher of `selection` is told: an object that leaves it is deleted, one that enters it is added."""
        before = self.old is not None and selection.matches(self.old)
        after = self.new is not None and selection.matches(self.new)
        if after:
            return self.modified if before else self.added
        return self.deleted if before else None

    @property
    def added(self) -> WatchEvent:
        """The object is there now."""
        if self._added is None:
            assert self.new is not None
            self._added = WatchEvent("ADDED", self.new.body, str(self.version))
        return self._added

    @property
    def modified(self) -> WatchEvent:
        """The object is different now."""
        if self._modified is None:
            assert self.new is not None
            self._modified = WatchEvent("MODIFIED", self.new.body, str(self.version))
        return self._modified

    @property
    def deleted(self) -> WatchEvent:
        """The object is gone; it is shown as it was last, with the version of its going."""
        if self._deleted is None:
            assert self.old is not None
            self._deleted = WatchEvent("DELETED", self.old.at_version(self.version), str(self.version))
        return self._deleted

    @property
    def size(self) -> int:
        """Bytes that remembering this change costs."""
        return len(self.new.body) if self.new is not None else len(self.old.body) if self.old is not None else 0


def bookmark(resource: Resource, revision: int, *, initial_end: bool = False) -> WatchEvent:
    """An event that only says how far the store has come."""
    metadata: dict[str, Any] = {"resourceVersion": str(revision), "creationTimestamp": None}
    if initial_end:
        metadata["annotations"] = {INITIAL_EVENTS_END: "true"}
    body = orjson.dumps({"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata})
    return WatchEvent("BOOKMARK", body, str(revision))
