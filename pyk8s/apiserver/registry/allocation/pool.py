"""A pool of names (addresses, port numbers) of which each belongs to one service at most."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError
from pyk8s.api.objectmeta import Object, timestamp
from pyk8s.api.resources import Resource
from pyk8s.apiserver.cacher.cacher import Cacher
from pyk8s.apiserver.registry.objects import Held, encode
from pyk8s.apiserver.registry.records import Records, Stale

UID = "pyk8s.dev/service-uid"
"""The annotation that tells which life of a service holds the name."""


API_SERVICE = ("default", "kubernetes")
"""The service of the API itself: every API server makes it, so that it is one holder whatever its uid."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A service that holds names."""

    namespace: str
    name: str
    uid: str

    @classmethod
    def of(cls, service: Object) -> Holder:
        """The holder that a service object is."""
        metadata = service["metadata"]
        namespace, name = metadata.get("namespace", ""), metadata.get("name", "")
        return cls(namespace, name, "" if (namespace, name) == API_SERVICE else metadata.get("uid", ""))


def unlabelled(name: str) -> Mapping[str, str]:
    """No labels."""
    return {}


class Pool:
    """Names that stand in the store as objects of `resource`, with the labels that `labels` gives each; `kept` are
    those never given back."""

    def __init__(
        self,
        records: Records,
        cacher: Cacher,
        resource: Resource,
        *,
        labels: Callable[[str], Mapping[str, str]] = unlabelled,
        kept: Collection[str] = (),
    ) -> None:
        self._records = records
        self._cacher = cacher
        self.resource = resource
        self._labels = labels
        self._kept = frozenset(kept)

    def is_taken(self, name: str) -> bool:
        """Whether somebody has it, as far as the watch cache has come; what is kept is never free for anybody."""
        return name in self._kept or self._cacher.peek(self.resource, "", name) is not None

    def names(self) -> list[str]:
        """All that are taken, as far as the watch cache has come."""
        return [one.name for one in self._cacher.select(self.resource)]

    async def take(self, name: str, holder: Holder, *, again: bool = True) -> bool:
        """Take `name` for the holder; whether that was possible. With `again` it is when the holder has it already.

        Raises ApiError (ServiceUnavailable).
        """
        parent = {"group": "", "resource": "services", "namespace": holder.namespace, "name": holder.name}
        record: Object = {
            "kind": self.resource.kind,
            "apiVersion": self.resource.api_version,
            "metadata": {
                "name": name,
                "uid": str(uuid.uuid4()),
                "creationTimestamp": timestamp(clock.now()),
                "labels": dict(self._labels(name)),
                "annotations": {UID: holder.uid},
            },
            "spec": {"parentRef": parent},
        }
        try:
            await self._records.add(self.resource, "", name, encode(record))
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
            held = await self._records.stored(self.resource, "", name) if again else None
            return held is not None and holder_of(held.obj) == holder
        return True

    async def give(self, name: str, holder: Holder) -> None:
        """Give `name` back, if the holder still has it. Raises ApiError (ServiceUnavailable)."""
        if name in self._kept:
            return
        held = await self._records.stored(self.resource, "", name)
        if held is not None and holder_of(held.obj) == holder:
            await self.drop(name, held)

    async def drop(self, name: str, held: Held) -> bool:
        """Remove a record as it was read, unless it is kept; whether nobody was faster."""
        if name in self._kept:
            return False
        try:
            await self._records.remove(self.resource, "", name, held.revision)
        except Stale:
            return False
        return True

    async def record(self, name: str) -> Held | None:
        """The record of a name as the store has it."""
        return await self._records.stored(self.resource, "", name)


def holder_of(record: Object) -> Holder:
    """Who holds the name of a record."""
    parent = (record.get("spec") or {}).get("parentRef") or {}
    uid = (record["metadata"].get("annotations") or {}).get(UID, "")
    return Holder(parent.get("namespace", ""), parent.get("name", ""), uid)
