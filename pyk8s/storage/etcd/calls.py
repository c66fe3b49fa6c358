"""One call to etcd: its deadline, its repetition, and its errors in the words of `storage.interface`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import grpc
from aetcd import rpc

from pyk8s.aio import clock
from pyk8s.aio.backoff import Backoff, Schedule
from pyk8s.storage.interface import (
    Compacted,
    FutureRevision,
    LeaseNotFound,
    StorageError,
    Unavailable,
    ValueTooLarge,
)
from pyk8s.wire.channel import open_channel

T = TypeVar("T")

ATTEMPT_SECONDS = 4.0
"""How long one attempt may take: an etcd that syncs to a slow disk answers within this."""

PATIENCE_SECONDS = 10.0
"""How long a call is tried again: etcd restarts within this."""

AGAIN = Schedule(first=0.02, factor=2.0, limit=0.5, jitter=0.5)


class Interrupted(StorageError):
    """The call broke off: what it asked for may have been done, unless it was never `sent`."""

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent


class Oversized(StorageError):
    """The answer would not fit one message: ask for less."""


def translate(error: grpc.aio.AioRpcError) -> StorageError:
    """What went wrong, in our words. The texts are those of etcd's api/v3rpc/rpctypes/error.go."""
    details = error.details() or error.code().name
    match error.code():
        case grpc.StatusCode.OUT_OF_RANGE if "compacted" in details:
            return Compacted(f"etcd: {details}", 0)
        case grpc.StatusCode.OUT_OF_RANGE if "future revision" in details:
            return FutureRevision(f"etcd: {details}")
        case grpc.StatusCode.NOT_FOUND if "lease" in details:
            return LeaseNotFound(f"etcd: {details}")
        case grpc.StatusCode.INVALID_ARGUMENT if "too large" in details:
            return ValueTooLarge(f"etcd: {details}")
        case grpc.StatusCode.RESOURCE_EXHAUSTED if "larger than max" in details:
            return Oversized(details)
        case grpc.StatusCode.RESOURCE_EXHAUSTED if "space exceeded" in details:
            return StorageError(
                f"etcd takes no more writes: {details}; compact and defragment it, then disarm its NOSPACE alarm"
            )
        case grpc.StatusCode.PERMISSION_DENIED | grpc.StatusCode.UNAUTHENTICATED | grpc.StatusCode.UNIMPLEMENTED:
            return StorageError(f"etcd refuses: {details}")
        case _:
            return Interrupted(details, sent="failed to connect" not in details)


class Calls:
    """The channel to etcd and its stubs. Calls are tried again for `PATIENCE_SECONDS` while etcd does not answer."""

    def __init__(self, endpoints: Sequence[str], *, ca: Path, cert: Path, key: Path) -> None:
        """`endpoints` are https URLs; more than one must be IPv4 addresses. Raises ValueError, OSError."""
        address, server_name = target(endpoints)
        pem = [path.read_bytes() for path in (ca, cert, key)]
        self._channel = open_channel(address, ca=pem[0], cert=pem[1], key=pem[2], server_name=server_name)
        self._where = ", ".join(endpoints)
        self._ended = asyncio.Event()
        self.kv = rpc.KVStub(self._channel)
        self.leases = rpc.LeaseStub(self._channel)
        self.watches = rpc.WatchStub(self._channel)
        self.maintenance = rpc.MaintenanceStub(self._channel)

    @property
    def closed(self) -> bool:
        """Whether `close` has been called."""
        return self._ended.is_set()

    async def once(self, method: Any, request: Any, seconds: float = 0.0) -> Any:
        """One attempt, of `seconds` (0: the usual). Raises Interrupted when nobody knows whether it was carried out,
        Unavailable after `close`, and what `translate` says."""
        if self.closed:
            raise Unavailable("the store is closed")
        try:
            return await method(request, timeout=seconds or ATTEMPT_SECONDS)
        except grpc.aio.AioRpcError as why:
            raise translate(why) from why
        except grpc.aio.UsageError as why:
            raise Unavailable("the store is closed") from why
        except asyncio.CancelledError:
            self.raise_if_closed()
            raise

    async def read(self, method: Any, request: Any, seconds: float = 0.0) -> Any:
        """A call that changes nothing, or that may be made twice. Raises Unavailable when etcd cannot be reached."""
        return await self.again(lambda _: self.once(method, request, seconds))

    async def again(self, attempt: Callable[[int], Awaitable[T]]) -> T:
        """`attempt(0)`, and while it is interrupted `attempt(1)`, …, until patience ends: then Unavailable."""
        backoff = Backoff(AGAIN)
        deadline = clock.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await attempt(backoff.failures)
            except Interrupted as why:
                if clock.monotonic() >= deadline:
                    raise Unavailable(f"etcd at {self._where} does not answer: {why}") from why
                await backoff.wait()

    async def bounded(self, work: Awaitable[T]) -> T:
        """`work`, given up after an attempt's time (Interrupted) or when the store is closed (Unavailable).

        For what gRPC does not bound itself: a stream whose connection ends while it begins is never told so.
        """
        doing = asyncio.ensure_future(work)
        ending = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait({doing, ending}, timeout=ATTEMPT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                return doing.result()
        finally:
            doing.cancel()
            ending.cancel()
        if self.closed:
            raise Unavailable("the store is closed")
        raise Interrupted("etcd did not take the call in time", sent=False)

    def raise_if_closed(self) -> None:
        """Say so when a call was broken off because the store was closed, and not because its caller was cancelled."""
        task = asyncio.current_task()
        if self.closed and task is not None and not task.cancelling():
            raise Unavailable("the store is closed")

    async def close(self) -> None:
        """Break off what is running and let go of the channel."""
        self._ended.set()
        await self._channel.close()


def target(endpoints: Sequence[str]) -> tuple[str, str]:
    """gRPC's address for these URLs, and the name that the certificate must carry ("" when the address says it).

    Raises ValueError.
    """
    parts = [urlsplit(endpoint) for endpoint in endpoints]
    for endpoint, part in zip(endpoints, parts, strict=True):
        if part.scheme != "https" or not part.hostname or not part.port:
            raise ValueError(f"etcd endpoint {endpoint!r}: write https://HOST:PORT")
    if not parts:
        raise ValueError("no etcd endpoint: write at least one https://HOST:PORT")
    if len(parts) == 1:
        return parts[0].netloc, ""
    return "ipv4:" + ",".join(part.netloc for part in parts), str(parts[0].hostname)
