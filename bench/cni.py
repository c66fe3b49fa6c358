"""One CNI ADD as a whole process: ours through a node's agent, beside Debian's plugins for the same work.

Everything happens in network namespaces made for it; the cluster of the other measurements takes no part. Each round
asks all of them in turn, so that what else the machine does falls on all alike.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.report import Figure, spread
from pyk8s.kernel.netns.run import entered
from pyk8s.network.hands import hands_for
from pyk8s.network.install import install_programs
from pyk8s.network.server import Workers, listen, serve
from tests.kernel.spaces import spaces

STAGED = False
"""No cluster is needed."""

REFERENCE = Path("/usr/lib/cni")
"""Where Debian's package containernetworking-plugins lies."""

ROUNDS = 40
WARM = 3
"""Pods attached before any is counted: the first makes the bridge."""

Conf = dict[str, Any]


class Host:
    """A namespace as a host, with a folder for what plugins remember, and pods."""

    def __init__(self, netns: str, pods: list[str], folder: Path) -> None:
        self.netns, self.pods, self.folder = netns, pods, folder

    def conf(self, **changes: Any) -> Conf:
        """A configuration that gives addresses, a gateway and a default route, as a node's."""
        ipam = {
            "type": "host-local",
            "ranges": [[{"subnet": "10.9.0.0/24"}]],
            "routes": [{"dst": "0.0.0.0/0"}],
            "dataDir": str(self.folder / "networks"),
        }
        base = {"cniVersion": "1.0.0", "name": "net", "bridge": "br0", "isGateway": True, "hairpinMode": True}
        return base | {"type": "bridge", "ipam": ipam} | changes

    def call(self, program: Path, command: str, pod: int, conf: Conf) -> tuple[float, Any]:
        """Milliseconds that the program took from its start to its end, and its answer. Raises AssertionError."""
        environment = {
            "CNI_COMMAND": command,
            "CNI_CONTAINERID": f"pod-{pod}",
            "CNI_NETNS": self.pods[pod],
            "CNI_IFNAME": "eth0",
            "CNI_PATH": str(REFERENCE),
            "PATH": os.environ["PATH"],
        }
        document = json.dumps(conf).encode()
        with entered(self.netns):
            start = time.perf_counter()
            done = subprocess.run([program], input=document, env=environment, capture_output=True, check=False)
            took = time.perf_counter() - start
        assert done.returncode == 0, done.stdout.decode()
        return took * 1000, json.loads(done.stdout) if done.stdout else None


def ports(pod: int) -> Conf:
    """A runtime's wish for one host port."""
    mapping = {"hostPort": 20000 + pod, "containerPort": 80, "protocol": "tcp"}
    return {"runtimeConfig": {"portMappings": [mapping]}}


class Reference:
    """Debian's plugins: bridge and host-local alone, or the chain with masquerading and portmap."""

    def __init__(self, host: Host, *, chained: bool) -> None:
        self.host, self.chained = host, chained

    def add(self, pod: int) -> float:
        """Attach the pod; milliseconds."""
        took, result = self.host.call(REFERENCE / "bridge", "ADD", pod, self.host.conf(ipMasq=self.chained))
        if not self.chained:
            return took
        more, _ = self.host.call(REFERENCE / "portmap", "ADD", pod, self._mapping(pod) | {"prevResult": result})
        return took + more

    def delete(self, pod: int) -> None:
        """Detach it."""
        if self.chained:
            self.host.call(REFERENCE / "portmap", "DEL", pod, self._mapping(pod))
        self.host.call(REFERENCE / "bridge", "DEL", pod, self.host.conf(ipMasq=self.chained))

    def _mapping(self, pod: int) -> Conf:
        return {"cniVersion": "1.0.0", "name": "net", "type": "portmap"} | ports(pod)


class Ours:
    """Ours through an agent, for the same work."""

    def __init__(self, host: Host, *, chained: bool) -> None:
        self.host, self.chained = host, chained
        (self.program,) = install_programs(
            host.folder / "bin", str(host.folder / "cni.sock"), str(host.folder / "state"), names=("pyk8s-cni",)
        )

    def _conf(self, pod: int) -> Conf:
        return self.host.conf(ipMasq=self.chained) | (ports(pod) if self.chained else {})

    def add(self, pod: int) -> float:
        """Attach the pod; milliseconds."""
        return self.host.call(self.program, "ADD", pod, self._conf(pod))[0]

    def delete(self, pod: int) -> None:
        """Detach it."""
        self.host.call(self.program, "DEL", pod, self._conf(pod))

    @contextmanager
    def agent(self) -> Iterator[None]:
        """The agent's socket, served from the host's namespace as the node's own agent does it."""
        ready, ends = threading.Event(), []

        async def answer() -> None:
            workers = Workers(hands_for(self.host.folder / "state"))
            listener = listen(self.host.folder / "cni.sock")
            stop = asyncio.Event()
            ends.append((asyncio.get_running_loop(), stop))
            serving = asyncio.create_task(serve(listener, workers))
            ready.set()
            await stop.wait()
            serving.cancel()
            listener.close()
            workers.close()

        def run() -> None:
            with entered(self.host.netns):
                asyncio.run(answer())

        thread = threading.Thread(target=run)
        thread.start()
        assert ready.wait(30)
        try:
            yield
        finally:
            loop, stop = ends[0]
            loop.call_soon_threadsafe(stop.set)
            thread.join(30)


def compare(*, chained: bool) -> tuple[list[float], list[float]]:
    """Milliseconds of ADDs: ours, and the reference's."""
    with tempfile.TemporaryDirectory(prefix="bench-cni") as folder, spaces(4) as made:
        hosts = [Host(made[number], [made[number + 2]], Path(folder, str(number))) for number in (0, 1)]
        for host in hosts:
            host.folder.mkdir()
        ours, theirs = Ours(hosts[0], chained=chained), Reference(hosts[1], chained=chained)
        found: tuple[list[float], list[float]] = ([], [])
        with ours.agent():
            for number in range(WARM + ROUNDS):
                for side, times in zip((ours, theirs), found, strict=True):
                    took = side.add(0)
                    side.delete(0)
                    if number >= WARM:
                        times.append(took)
        return found


async def measure(_: object = None) -> AsyncIterator[Figure]:
    """ADD for the chain's work, and for bridge and host-local alone. Raises FileNotFoundError without the package."""
    if not REFERENCE.is_dir():
        raise FileNotFoundError("containernetworking-plugins is not installed")
    for chained, name, limit in (
        (True, "CNI ADD beside bridge with ipMasq, host-local, portmap with one port", 0.8),
        (False, "CNI ADD beside bridge and host-local", 1.3),
    ):
        ours, theirs = await asyncio.to_thread(compare, chained=chained)
        detail = {**spread(ours), "raw_p50": round(statistics.median(theirs), 2), "raw_min": round(min(theirs), 2)}
        yield Figure(name, statistics.median(ours), "ms", statistics.median(theirs), f"<= {limit} x raw", detail)
