"""Waiting for nodes by watching them: Ready, as the API says it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable

import msgspec

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import NODES
from pyk8s.client.grpc import GrpcClient
from pyk8s.client.interface import Client
from pyk8s.cluster.errors import StartFailed
from pyk8s.cluster.folder import Folder
from pyk8s.wire import kubeconfig


class _Condition(msgspec.Struct):
    type: str
    status: str
    reason: str = ""
    message: str = ""


class _Status(msgspec.Struct):
    conditions: list[_Condition] = []


class _Meta(msgspec.Struct):
    name: str


class NodeView(msgspec.Struct):
    """Of a Node, what tells whether it is ready."""

    metadata: _Meta
    status: _Status = msgspec.field(default_factory=_Status)

    @property
    def ready(self) -> bool:
        """Whether its Ready condition is True."""
        return any(each.type == "Ready" and each.status == "True" for each in self.status.conditions)

    @property
    def why_not(self) -> str:
        """What its Ready condition says; "" when there is none yet."""
        return next((each.message or each.reason for each in self.status.conditions if each.type == "Ready"), "")


@contextlib.asynccontextmanager
async def administrator(folder: Folder) -> AsyncIterator[GrpcClient]:
    """A client of the cluster with the administrator's identity."""
    client = GrpcClient.connect(kubeconfig.load(folder.kubeconfig))
    try:
        yield client
    finally:
        await client.close()


async def nodes_ready(client: Client, names: Iterable[str], ready: Callable[[str], None], seconds: float) -> None:
    """Wait until each of `names` is Ready, telling `ready` of each; raises StartFailed after `seconds`."""
    left = set(names)
    said: dict[str, str] = {}
    try:
        async with asyncio.timeout(seconds):
            while left:
                # A stream that the server ends, or a server that restarts, is begun again from a list.
                with contextlib.suppress(ApiError):
                    await _watch(client, left, said, ready)
    except TimeoutError:
        reasons = "; ".join(f"{name}: {said.get(name) or 'it has not registered'}" for name in sorted(left))
        raise StartFailed(f"not Ready within {seconds:.0f} s: {reasons}") from None


async def _watch(client: Client, left: set[str], said: dict[str, str], ready: Callable[[str], None]) -> None:
    listing = await client.list(NODES)
    for item in listing.items:
        _look(item, left, said, ready)
    if not left:
        return
    async for batch in client.watch(NODES, resource_version=listing.resource_version):
        for event in batch:
            if event.type in ("ADDED", "MODIFIED"):
                _look(event.object, left, said, ready)
        if not left:
            return


def _look(item: bytes, left: set[str], said: dict[str, str], ready: Callable[[str], None]) -> None:
    view = msgspec.json.decode(item, type=NodeView)
    said[view.metadata.name] = view.why_not
    if view.ready and view.metadata.name in left:
        left.discard(view.metadata.name)
        ready(view.metadata.name)
