"""What a client of the API can do; `client.grpc`, `client.rest`, `client.fake` and the API server's own in-process
client do it alike. Objects travel as Kubernetes JSON bytes; whoever reads them decodes only what it needs.

Every method raises `pyk8s.api.errors.ApiError`; a server that cannot be reached is `ApiError` with reason
"ServiceUnavailable".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import Ref


class PatchType(StrEnum):
    """How a patch body is to be read: its media type in the Kubernetes API."""

    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


class View(StrEnum):
    """What to answer with: objects, a `meta.k8s.io/v1` Table of them, or only their metadata."""

    OBJECT = ""
    TABLE = "Table"
    METADATA = "PartialObjectMetadata"


@dataclass(frozen=True, slots=True)
class Listing:
    """A list: the objects as JSON bytes (or one Table), the resource version to watch from, and how to go on."""

    items: Sequence[bytes]
    resource_version: str
    continue_: str = ""
    remaining: int = 0


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """`type` is ADDED, MODIFIED, DELETED or BOOKMARK; `object` the JSON bytes; `resource_version` that of the event."""

    type: str
    object: bytes
    resource_version: str


@dataclass(frozen=True, slots=True)
class Binding:
    """A pod put on a node; `uid` is that of the pod that was meant."""

    namespace: str
    name: str
    uid: str
    node: str


class Client(Protocol):
    """A connection to the API with one identity."""

    async def get(self, ref: Ref, *, view: View = View.OBJECT) -> bytes:
        """The object at `ref`."""
        ...

    async def list(
        self,
        ref: Ref,
        *,
        labels: str = "",
        fields: str = "",
        limit: int = 0,
        continue_: str = "",
        resource_version: str = "",
        view: View = View.OBJECT,
    ) -> Listing:
        """The objects of the collection `ref` that match the selectors; all pages when `limit` is 0."""
        ...

    def watch(
        self,
        ref: Ref,
        *,
        resource_version: str,
        labels: str = "",
        fields: str = "",
        timeout: float = 0.0,
        view: View = View.OBJECT,
    ) -> AsyncIterator[Sequence[WatchEvent]]:
        """Batches of events after `resource_version`, bookmarks included; ends when the server ends it, raises
        ApiError("Expired") when it must be listed again."""
        ...

    async def create(
        self, ref: Ref, body: bytes, *, dry_run: bool = False, strict: bool = False, manager: str = ""
    ) -> bytes:
        """Create `body` in the collection `ref` (or the subresource of an object: binding, eviction, token)."""
        ...

    async def update(
        self, ref: Ref, body: bytes, *, dry_run: bool = False, strict: bool = False, manager: str = ""
    ) -> bytes:
        """Replace the object at `ref`."""
        ...

    async def patch(
        self,
        ref: Ref,
        body: bytes,
        kind: PatchType = PatchType.MERGE,
        *,
        dry_run: bool = False,
        strict: bool = False,
        manager: str = "",
        force: bool = False,
    ) -> bytes:
        """Change the object at `ref` as the patch says."""
        ...

    async def delete(
        self,
        ref: Ref,
        *,
        grace_seconds: int | None = None,
        propagation: str = "",
        uid: str = "",
        resource_version: str = "",
        dry_run: bool = False,
    ) -> bytes:
        """Delete the object at `ref`; answers the object (while it is being deleted) or a Status."""
        ...

    async def delete_collection(self, ref: Ref, *, labels: str = "", fields: str = "", propagation: str = "") -> None:
        """Delete every object of the collection that matches."""
        ...

    async def bind(self, bindings: Sequence[Binding]) -> Sequence[ApiError | None]:
        """Put pods on nodes, many in one call; None where it was done."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...
