"""A request as both doors hand it inward, and the answers that come back: values that know neither HTTP nor gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pyk8s.api.resources import Resource
from pyk8s.client.interface import PatchType, View, WatchEvent


@dataclass(frozen=True, slots=True)
class User:
    """Who asks: the name, groups and extra facts that authentication found."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Everything a client may say beside the object. Names follow the query parameters of the Kubernetes API.

    Times are seconds; None and "" mean: not said.
    """

    resource_version: str = ""
    resource_version_match: str = ""
    limit: int = 0
    continue_: str = ""
    labels: str = ""
    fields: str = ""
    timeout: float = 0.0
    bookmarks: bool = False
    initial_events: bool = False
    dry_run: bool = False
    manager: str = ""
    field_validation: str = ""
    force: bool = False
    grace_seconds: int | None = None
    propagation: str = ""
    uid: str = ""
    orphan_dependents: bool | None = None
    patch_type: PatchType = PatchType.MERGE
    view: View = View.OBJECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request.

    `verb` is get, list, watch, create, update, patch, delete, deletecollection or connect. `resource` is None for a
    path that is no resource (/healthz), which `path` names. `body` is JSON bytes. `user` is None until authentication.
    """

    verb: str
    resource: Resource | None = None
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    path: str = ""
    body: bytes = b""
    options: Options = Options()
    user: User | None = None
    trace: str = ""
    """W3C traceparent of the walk this request belongs to, or ""."""
    warnings: list[str] = field(default_factory=list)
    """Told to the client beside the answer (unknown fields, deprecated versions)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One object (or Status or Table) as JSON bytes; `code` is the HTTP code."""

    body: bytes
    code: int = 200


@dataclass(frozen=True, slots=True)
class ListAnswer:
    """A list before it is put together: both doors join the same bytes.

    For View.TABLE `items` holds the finished Table and nothing else.
    """

    kind: str
    api_version: str
    items: Sequence[bytes]
    resource_version: str
    continue_: str = ""
    remaining: int = 0


@dataclass(frozen=True, slots=True)
class WatchAnswer:
    """An open watch: batches of events until the client or the server ends it. Raises ApiError while it is read."""

    batches: AsyncIterator[Sequence[WatchEvent]]


Response: TypeAlias = Answer | ListAnswer | WatchAnswer
