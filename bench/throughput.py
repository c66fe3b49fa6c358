"""Bytes a second from a pod to one on another node, and through a Service, beside a bare path of veths and bridges.

The bare path has the same links (pod, bridge, node, bridge between the nodes, node, bridge, pod) and no rule at all.
What sends and takes are two processes in the pods' network namespaces; rounds take turns, so that what else the machine
does falls on all alike.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median

from bench.report import Figure
from bench.rest import Api
from bench.stage import Stage
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.net.entering import pod_space
from pyk8s.kernel.link.run import run as run_links
from pyk8s.kernel.link.values import Add, AddAddress, Change, Link, Peer
from pyk8s.kernel.netns.run import set_sysctl
from pyk8s.kernel.route.run import run as run_routes
from pyk8s.kernel.route.values import Put, Route
from tests.e2e.cluster import pod, service
from tests.kernel.spaces import spaces

SECONDS, ROUNDS, PORT = 1.0, 6, 8099
MODES = ("iptables", "nftables")


@dataclass(frozen=True, slots=True)
class Wire:
    """A taker of bytes that runs, and where a giver reaches it from."""

    taker: subprocess.Popen[str]
    source: str
    address: str
    port: int

    def rate(self) -> float:
        """Gigabits a second over SECONDS. Raises AssertionError when they did not arrive."""
        words = _inside(self.source, "give", self.address, str(self.port), str(SECONDS))
        subprocess.run(words, check=True, timeout=SECONDS + 15)
        assert self.taker.stdout is not None
        taken, seconds = map(float, self.taker.stdout.readline().split())
        return taken * 8 / seconds / 1e9


def _inside(netns: str, *words: str) -> list[str]:
    return ["nsenter", f"--net={netns}", sys.executable, "-m", "bench.stream", *words]


@contextmanager
def taking(netns: str, address: str) -> Iterator[subprocess.Popen[str]]:
    """A process in a namespace that takes bytes at `address`."""
    words = _inside(netns, "take", address, str(PORT))
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as taker:
        try:
            assert taker.stdout is not None and taker.stdin is not None
            assert taker.stdout.readline() == "ready\n"
            yield taker
        finally:
            taker.stdin.close()
            taker.wait(10)


@contextmanager
def bare() -> Iterator[Wire]:
    """Two pods on two nodes, made by hand."""
    with spaces(5) as (between, *rest):
        nodes, pods = rest[:2], rest[2:]
        run_links((Add(Link("br0", "bridge")),), between)
        for number, (node, own) in enumerate(zip(nodes, pods, strict=True), 1):
            set_sysctl("net/ipv4/ip_forward", "1", node)
            outer = Add(Link(f"n{number}", "veth", master="br0", peer=Peer("eth0", node)))
            run_links((outer, Change(f"n{number}", up=True)), between)
            bridge = (Add(Link("cni0", "bridge")), AddAddress("cni0", f"10.8.{number}.1/24"))
            up = (Change("eth0", up=True), AddAddress("eth0", f"10.7.0.{number}/24"))
            run_links((*up, *bridge, Add(Link("pod", "veth", master="cni0", peer=Peer("eth0", own)))), node)
            run_links((Change("eth0", up=True), AddAddress("eth0", f"10.8.{number}.2/24")), own)
            run_routes((Put(Route("0.0.0.0/0", f"10.8.{number}.1")),), own)
            run_routes((Put(Route(f"10.8.{3 - number}.0/24", f"10.7.0.{3 - number}")),), node)
        with taking(pods[1], "10.8.2.2") as taker:
            yield Wire(taker, pods[0], "10.8.2.2", PORT)


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """Pod to pod over nodes, and through a Service in each mode, beside the bare path in the same rounds."""
    image = await stage.image()
    async with Api(stage.kubeconfig) as api:
        await stage.namespace(api, "bench-net")
        cluster = stage.cluster
        for number, name in ((1, "giver"), (2, "taker")):
            made = pod(name, "sleep 100000", image=image, nodeSelector={"kubernetes.io/hostname": f"node-{number}"})
            await api.send("POST", "/api/v1/namespaces/bench-net/pods", made)
        made = await api.json("POST", "/api/v1/namespaces/bench-net/services", service("taker", 80, PORT))
        ready = ("pod/giver", "pod/taker", "-n", "bench-net", "--timeout=60s")
        await asyncio.to_thread(cluster, "wait", "--for=condition=Ready", *ready)
        pods = [await api.json("GET", f"/api/v1/namespaces/bench-net/pods/{name}") for name in ("giver", "taker")]
    folder = Folder(cluster.home, cluster.name)
    with ExitStack() as stack:
        raw = stack.enter_context(bare())
        source, goal = (
            pod_space(folder, each["spec"]["nodeName"], each["metadata"]["uid"], each["metadata"]["name"])
            for each in pods
        )
        taker = stack.enter_context(taking(goal, pods[1]["status"]["podIP"]))
        straight = Wire(taker, source, pods[1]["status"]["podIP"], PORT)
        served = Wire(taker, source, made["spec"]["clusterIP"], 80)
        for mode in MODES:
            await asyncio.to_thread(cluster, "net", "mode", mode, "--timeout", "30s")
            for figure in await asyncio.to_thread(_compare, mode, raw, straight, served):
                yield figure


def _compare(mode: str, raw: Wire, straight: Wire, served: Wire) -> list[Figure]:
    rounds = [(raw.rate(), straight.rate(), served.rate()) for _ in range(ROUNDS)]
    # What else the machine does only ever slows: the best of each is the least disturbed.
    bare_rate, pod_rate, service_rate = (max(column) for column in zip(*rounds, strict=True))
    target, told = ">= 0.9 x raw", [[round(each, 2) for each in one] for one in rounds]
    names = ("throughput pod to pod over nodes", "throughput through a Service")
    return [
        Figure(
            f"{name} ({mode})", rate, "Gbit/s", bare_rate, target,
            {"ratio_within_rounds": round(median(one[at] / one[0] for one in rounds), 3), "rounds": told},
        )
        for at, (name, rate) in enumerate(zip(names, (pod_rate, service_rate), strict=True), 1)
    ]  # fmt: skip
