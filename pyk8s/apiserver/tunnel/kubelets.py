"""Connections to the node agents: one cached channel a node, verified against the node's own address."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from pyk8s.apiserver.tunnel.target import address_of
from pyk8s.gen.pyk8s.v1 import streams_pb2_grpc as rpc
from pyk8s.wire.channel import open_channel
from pyk8s.wire.pki import read_pem


@dataclass(frozen=True, slots=True)
class Credentials:
    """Whom to trust and what to show when a node agent is called; all PEM."""

    ca: bytes
    cert: bytes
    key: bytes

    @classmethod
    def read(cls, ca: Path, cert: Path, key: Path) -> Credentials:
        """From their files. Raises KeyFileInvalid."""
        return cls(read_pem(ca), read_pem(cert), read_pem(key))


class Kubelets:
    """Stubs of the node agents' `Streams` service. A node that moved gets a new channel; the old one is closed."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._channels: dict[str, tuple[str, grpc.aio.Channel]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def stub(self, node: Mapping[str, Any]) -> rpc.StreamsStub:
        """The service of `node` (a Node object). Raises ApiError when it did not say where it is."""
        name, address = node["metadata"]["name"], address_of(node)
        held = self._channels.get(name)
        if held is not None and held[0] != address:
            self._let_go(held[1])
            held = None
        if held is None:
            made = self._credentials
            held = (address, open_channel(address, ca=made.ca, cert=made.cert, key=made.key))
            self._channels[name] = held
        return rpc.StreamsStub(held[1])  # type: ignore[no-untyped-call]

    def forget(self, name: str) -> None:
        """The node is gone."""
        held = self._channels.pop(name, None)
        if held is not None:
            self._let_go(held[1])

    async def close(self) -> None:
        """Close every channel and what runs over it."""
        channels, self._channels = list(self._channels.values()), {}
        for _, channel in channels:
            await channel.close()
        if self._closing:
            await asyncio.wait(self._closing)

    def _let_go(self, channel: grpc.aio.Channel) -> None:
        task = asyncio.get_running_loop().create_task(channel.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
