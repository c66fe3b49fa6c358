"""A request as both doors hand it inward, and the answers that come back: values that know neither HTTP nor gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from pyk8s.api.errors import bad_request
from pyk8s.api.resources import Resource
from pyk8s.client.interface import PatchType, View, WatchEvent
from pyk8s.wire.pki import Identity


@dataclass(frozen=True, slots=True)
class User:
    """Who asks: the name, groups and extra facts that authentication found."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Impersonation:
    """Whom the caller wants to be taken for (the Impersonate-* headers); it takes a permission to ask this."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def checked(self) -> Impersonation | None:
        """Itself; None when nothing is asked for. Raises ApiError (BadRequest) when there is no user to be."""
        if self.name:
            return self
        if self.groups or self.uid or self.extra:
            raise bad_request("requested groups, a uid or extra to impersonate without a user (Impersonate-User)")
        return None


@dataclass(frozen=True, slots=True)
class Peer:
    """What a door knows of the caller before authentication: a verified certificate, a bearer token, an address."""

    certificate: Identity | None = None
    bearer: str = ""
    address: str = ""
    agent: str = ""
    impersonate: Impersonation | None = None


NOBODY = Peer()


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
    peer: Peer = NOBODY
    id: str = ""
    """Names this one request in logs and in the answer (the Audit-Id header)."""
    accept: str = ""
    """The media types the client takes; only read for paths that are no resource."""
    parameters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Query parameters of a stream into a pod (log, exec, attach, portforward): container, command, tailLines, …"""


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


@dataclass(frozen=True, slots=True)
class Document:
    """The answer of a path that is no resource: `content_type` says what `body` is, `etag` names its version."""

    body: bytes
    content_type: str = "application/json"
    etag: str = ""
    code: int = 200


@dataclass(frozen=True, slots=True)
class StreamAnswer:
    """An open stream of bytes to the client: a container's log. Raises ApiError while it is read."""

    chunks: AsyncIterator[bytes]


class Session(Protocol):
    """An open stream into a container or to a port of a pod, both ways; frames are those of streams.proto."""

    async def send(self, frame: Any) -> None:
        """Pass one frame to the pod. Raises ApiError when the stream is gone."""
        ...

    def frames(self) -> AsyncIterator[Any]:
        """What comes back, until the stream ends. Raises ApiError."""
        ...

    def close(self) -> None:
        """Let go of the stream, whatever is still on its way."""
        ...


@dataclass(frozen=True, slots=True)
class Connected:
    """The answer to exec and attach: one session. For portforward, `open` starts a session for one connection to one
    port."""

    open: Callable[[int], Session]
    """Starts a session; the argument is the port for portforward and ignored else."""


Response: TypeAlias = Answer | ListAnswer | WatchAnswer | Document | StreamAnswer | Connected
"""The registry answers with the first three; documents and streams come from beside it."""

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]
"""Whatever answers a request: the registry, the whole chain around it, a fake in a test. Raises ApiError only."""
