"""Which objects belong to a controller, which it takes in, and which it lets go.

A controller owns what refers to it as controller and matches its selector. It adopts an orphan that matches, and
releases what it owns but no longer matches. Source: Kubernetes 1.7, "controller references".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import orjson

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import Ref
from pyk8s.client.interface import Client, PatchType
from pyk8s.reconcile.fields import LabelSelector, Metadata, OwnerReference

T = TypeVar("T")


def controller_of(metadata: Metadata) -> OwnerReference | None:
    """The owner that manages the object, or None."""
    for owner in metadata.owner_references:
        if owner.controller:
            return owner
    return None


def owner_reference(api_version: str, kind: str, name: str, uid: str) -> dict[str, Any]:
    """The reference by which an object names its controller."""
    return {
        "apiVersion": api_version,
        "kind": kind,
        "name": name,
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


@dataclass(frozen=True, slots=True)
class Claim(Generic[T]):
    """What a controller owns already, what it shall adopt, and what it shall release."""

    owned: list[T] = field(default_factory=list)
    adopt: list[T] = field(default_factory=list)
    release: list[T] = field(default_factory=list)


def plan_claim(
    owner: Metadata,
    selector: LabelSelector,
    objects: Iterable[T],
    *,
    adoptable: Callable[[T], bool] = lambda obj: True,
) -> Claim[T]:
    """Sort `objects` (with `.metadata`) by what the controller `owner` shall do about them.

    An owner that is being deleted adopts and releases nothing, and neither is done to objects that are being deleted.
    """
    claim: Claim[T] = Claim()
    for obj in objects:
        metadata: Metadata = obj.metadata  # type: ignore[attr-defined]
        controller = controller_of(metadata)
        matches = selector.matches(metadata.labels)
        if controller is not None:
            if controller.uid != owner.uid:
                continue
            if matches:
                claim.owned.append(obj)
            elif not owner.deleting and not metadata.deleting:
                claim.release.append(obj)
        elif matches and not owner.deleting and not metadata.deleting and adoptable(obj):
            claim.adopt.append(obj)
    return claim


async def is_alive(client: Client, ref: Ref, owner: Metadata) -> bool:
    """Whether the API itself, not a cache, still has this very `owner`, and is not deleting it: asked before adopting.

    Raises ApiError when it cannot be asked.
    """
    try:
        live = orjson.loads(await client.get(ref.of(owner.name, owner.namespace)))["metadata"]
    except ApiError as why:
        if why.reason == "NotFound":
            return False
        raise
    return bool(live["uid"] == owner.uid and not live.get("deletionTimestamp"))


async def adopt(client: Client, ref: Ref, obj: Metadata, owner: dict[str, Any]) -> bool:
    """Make `owner` the controller of the object; False when the object is gone or another one by now."""
    patch = {"metadata": {"uid": obj.uid, "ownerReferences": [owner]}}
    return await _patched(client, ref.of(obj.name, obj.namespace), patch)


async def release(client: Client, ref: Ref, obj: Metadata, owner_uid: str) -> bool:
    """Take the owner's reference off the object; False when the object is gone or another one by now."""
    patch = {"metadata": {"uid": obj.uid, "ownerReferences": [{"$patch": "delete", "uid": owner_uid}]}}
    return await _patched(client, ref.of(obj.name, obj.namespace), patch)


async def _patched(client: Client, ref: Ref, patch: dict[str, Any]) -> bool:
    try:
        await client.patch(ref, orjson.dumps(patch), PatchType.STRATEGIC)
    except ApiError as why:
        if why.reason in ("NotFound", "Conflict", "Invalid"):
            return False
        raise
    return True
