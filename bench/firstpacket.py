"""The first packet of a connection through many services, beside one through few: how the kernel's lookup grows.

Everything happens in network namespaces made for it: a node with the rules of a mode, and a server behind it that all
services lead to. A connection is opened by the kernels alone, so that its time is that of its first packet and the
answer.
"""

from __future__ import annotations

import asyncio
import random
import socket
import statistics
import struct
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from bench.report import Figure, spread
from pyk8s.kernel.errors import Unsupported
from pyk8s.kernel.ipvs.run import probe
from pyk8s.kernel.link.run import run as run_links
from pyk8s.kernel.link.values import Add, AddAddress, Change, Link, Peer
from pyk8s.kernel.netns.run import entered
from pyk8s.kernel.route.run import run as run_routes
from pyk8s.kernel.route.values import Put, Route
from pyk8s.proxy import modes
from pyk8s.proxy.config import Config
from pyk8s.proxy.plan import Endpoint, Intent, Pool
from tests.kernel.spaces import spaces

STAGED = False
"""No cluster is needed."""

FEW, MANY, CONNECTIONS, ROUNDS = 10, 10_000, 400, 5
NODE, SERVER, PORT = "10.9.0.1", "10.9.0.2", 8080
LINGER = struct.pack("ii", 1, 0)
"""A connection that is closed leaves nothing behind."""


async def measure(_: object = None) -> AsyncIterator[Figure]:
    """nftables and ipvs have a target; iptables, whose rules are read one by one, is there to compare."""
    for mode, target in (("iptables", ""), ("nftables", "<= 1.5 x few"), ("ipvs", "<= 1.5 x few")):
        if mode == "ipvs":
            try:
                await asyncio.to_thread(probe)
            except Unsupported as why:
                print(f"NOT MEASURED HERE: first packet through ipvs: {why} (scripts/vm has one)", file=sys.stderr)
                continue
        yield await asyncio.to_thread(measure_mode, mode, target)


def measure_mode(mode: str, target: str) -> Figure:
    """Through MANY services, with FEW as the raw figure; straight to the server for comparison. Rounds take turns."""
    few, many, bare = [], [], []
    with served(mode, FEW) as small, served(mode, MANY) as large:
        for _ in range(ROUNDS):
            few += connect(small, FEW)
            many += connect(large, MANY)
            bare += connect(large, 0)
    detail = {"many_us": spread(many, 1e6), "few_us": spread(few, 1e6), "no_service_us": spread(bare, 1e6)}
    value, raw = (statistics.median(each) * 1e6 for each in (many, few))
    return Figure(f"{mode}: first packet, {MANY} services over {FEW}", value, "us", raw, target, detail)


def intent(number: int) -> Intent:
    """What a service means: every one leads to the server."""
    name, pool = f"s{number}", Pool((Endpoint(SERVER, PORT),))
    return Intent(f"bench/{name}", "", "tcp", cluster_ip(number), 80, inside=pool, outside=pool, everyone=pool)


def cluster_ip(number: int) -> str:
    """The address of a service."""
    return f"10.96.{number // 250}.{number % 250 + 1}"


@contextmanager
def served(mode: str, services: int) -> Iterator[str]:
    """The namespace of a node with the rules of so many services, and a server beside it that takes connections."""
    with spaces(2) as (node, server):
        links = (Add(Link("far", "veth", peer=Peer("eth0", server))), AddAddress("far", f"{NODE}/24"))
        run_links((*links, Change("far", up=True)), node)
        run_links((Change("eth0", up=True), AddAddress("eth0", f"{SERVER}/24")), server)
        run_routes((Put(Route("10.96.0.0/16", SERVER)),), node)
        with entered(server):
            listener = socket.create_server((SERVER, PORT), backlog=4096)
        with listener:
            with entered(node):
                write(mode, services)
            yield node


def write(mode: str, services: int) -> None:
    """Write the rules of so many services, here."""
    config = Config("node", (NODE,), ("10.9.0.0/16",), ("10.96.0.0/16",), mode=mode)  # type: ignore[arg-type]
    backend = modes.make(config, config.settings(4, (NODE,)))
    backend.ruleset.change({each.service: (each,) for each in map(intent, range(services))})
    backend.kernel.run(backend.ruleset.whole(backend.kernel.survey()))


def connect(node: str, services: int) -> list[float]:
    """Seconds of each of CONNECTIONS, to services at random; 0 services: straight to the server."""
    chosen = random.Random(7)
    took = []
    with entered(node):
        for _ in range(CONNECTIONS):
            place = (cluster_ip(chosen.randrange(services)), 80) if services else (SERVER, PORT)
            with socket.socket() as caller:
                caller.settimeout(5)
                caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
                start = time.perf_counter()
                caller.connect(place)
                took.append(time.perf_counter() - start)
    return took
