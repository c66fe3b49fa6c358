"""Nodes as network namespaces with an agent each, on one wire, and somebody outside: for tests on the real kernel."""

import asyncio
import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pyk8s.api.refs import NODES
from pyk8s.client.fake import FakeClient
from pyk8s.kernel.link.run import run as run_links
from pyk8s.kernel.link.values import Add, AddAddress, Change, Link, Peer
from pyk8s.kernel.netns.run import entered
from pyk8s.network import agent
from pyk8s.network.choice import MAPS, NAME
from pyk8s.network.nodes import VTEP
from tests.kernel.running import Inside, inside_loop
from tests.kernel.spaces import spaces

OUTSIDE, OUTSIDE6 = "172.30.0.1", "fd30::1"
PREFIX = {4: 24, 6: 64}


FAMILIES = {"4": (4,), "6": (6,), "46": (4, 6)}


def address_of(number: int, family: int) -> str:
    """Where node n1, n2, … is."""
    return f"172.30.0.{number + 1}" if family == 4 else f"fd30::{number + 1}"


def range_of(number: int, family: int) -> str:
    """The pods of node n1, n2, …"""
    return f"10.244.{number}.0/24" if family == 4 else f"fd44:0:0:10{number}::/64"


def node_body(number: int, *, families: str = "4", pod_range: bool = True, vtep: str = "") -> bytes:
    """The Node n1, n2, …: address 172.30.0.(n+1), pods 10.244.n.0/24; of IPv6 fd30::(n+1) and fd44:0:0:10n::/64."""
    ranges = [range_of(number, family) for family in FAMILIES[families]]
    spec = {"podCIDR": ranges[0], "podCIDRs": ranges} if pod_range else {}
    addresses = [{"type": "InternalIP", "address": address_of(number, family)} for family in FAMILIES[families]]
    status = {"addresses": addresses}
    metadata: dict[str, Any] = {"name": f"n{number}"}
    if vtep:
        metadata["annotations"] = {VTEP: vtep}
    return json.dumps(
        {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec, "status": status}
    ).encode()


class Node:
    """One node: its namespace, its loop, its own copy of the API, its folders."""

    def __init__(self, number: int, netns: str, loop: Inside, folder: Path, families: str = "4") -> None:
        self.number, self.netns, self.loop, self.folder = number, netns, loop, folder
        self.families = families
        self.address = f"172.30.0.{number + 1}"
        self.client: FakeClient = loop.do(self._client)
        self.task: asyncio.Task[None] | None = None

    async def _client(self) -> FakeClient:
        return FakeClient()

    @property
    def config(self) -> dict[str, Any]:
        """node.yaml."""
        cni = {
            "confDir": str(self.folder / "conf"),
            "binDir": str(self.folder / "bin"),
            "stateDir": str(self.folder / "state"),
            "socket": str(self.folder / "cni.sock"),
        }
        return {
            "nodeName": f"n{self.number}",
            "nodeIP": ",".join(address_of(self.number, family) for family in FAMILIES[self.families]),
            "clusterCIDR": ",".join({4: "10.244.0.0/16", 6: "fd44:0:0:100::/56"}[f] for f in FAMILIES[self.families]),
            "cni": cni,
        }

    def start(self) -> None:
        """Start the agent."""
        self.loop.do(self._start)

    async def _start(self) -> None:
        self.task = asyncio.create_task(agent.run(self.client, self.config))

    def stop(self) -> None:
        """Stop the agent and wait until it has let go of everything."""
        self.loop.do(self._stop)

    async def _stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
            self.task = None

    def create(self, number: int, **kwargs: Any) -> None:
        """Let this node's API have Node number `number`."""
        self.loop.do(lambda: self.client.create(NODES, node_body(number, families=self.families, **kwargs)))

    def delete(self, number: int) -> None:
        """Let this node's API lose it."""
        self.loop.do(lambda: self.client.delete(NODES.of(f"n{number}")))

    def choose(self, backend: str) -> None:
        """Let this node's API have the cluster's choice of a way between nodes."""
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME}, "data": {"backend": backend}}
        self.loop.do(lambda: self.client.create(MAPS, json.dumps(body).encode()))

    def forget_choice(self) -> None:
        """Let it lose that."""
        self.loop.do(lambda: self.client.delete(MAPS.of(NAME, MAPS.namespace)))

    def announced(self, number: int, vtep: str) -> None:
        """Let this node's API have what another node says of its VXLAN links."""
        patch = {"metadata": {"annotations": {VTEP: vtep or None}}}
        self.loop.do(lambda: self.client.patch(NODES.of(f"n{number}"), json.dumps(patch).encode()))

    def vtep(self) -> str:
        """What this node has told of its own."""
        held = json.loads(self.loop.do(lambda: self.client.get(NODES.of(f"n{self.number}"))))
        return str((held["metadata"].get("annotations") or {}).get(VTEP, ""))

    @property
    def conflist(self) -> Path:
        """The file that tells containerd the network is ready."""
        return self.folder / "conf" / "10-pyk8s.conflist"

    def call(
        self,
        command: str,
        container: str,
        netns: str,
        *,
        conf: dict[str, Any] | None = None,
        program: str = "pyk8s-cni",
    ) -> tuple[int, Any]:
        """Run the installed program as containerd would: exit code and decoded output."""
        listed = json.loads(self.conflist.read_bytes())
        document = {"cniVersion": listed["cniVersion"], "name": listed["name"]} | listed["plugins"][0] | (conf or {})
        environment = {
            "CNI_COMMAND": command,
            "CNI_CONTAINERID": container,
            "CNI_NETNS": netns,
            "CNI_IFNAME": "eth0",
            "CNI_PATH": str(self.folder / "bin"),
            "PATH": os.environ["PATH"],
        }
        words = ["nsenter", f"--net={self.netns}", str(self.folder / "bin" / program)]
        done = subprocess.run(
            words, input=json.dumps(document).encode(), env=environment, capture_output=True, timeout=60, check=False
        )
        assert done.stderr == b"", done.stderr.decode()
        return done.returncode, json.loads(done.stdout) if done.stdout else None

    def add(self, container: str, netns: str, **conf: Any) -> str:
        """ADD a pod; its address."""
        return self.add_all(container, netns, **conf)[0]

    def add_all(self, container: str, netns: str, **conf: Any) -> list[str]:
        """ADD a pod; its addresses, one a family."""
        code, result = self.call("ADD", container, netns, conf=conf)
        assert code == 0, result
        return [str(each["address"]).split("/")[0] for each in result["ips"]]


class Ground:
    """Nodes, pods and somebody outside."""

    def __init__(self, nodes: list[Node], pods: list[str], outside: str) -> None:
        self.nodes, self.pods, self.outside = nodes, pods, outside


@contextmanager
def ground(folder: Path, nodes: int = 1, pods: int = 2, families: str = "4") -> Iterator[Ground]:
    """So many nodes, without agents yet, and so many namespaces for pods; of the families "4", "6" or "46"."""
    with spaces(nodes + pods + 1) as made, ExitStack() as stack:
        outside, places, rooms = made[0], made[1 : nodes + 1], made[nodes + 1 :]
        wire = (AddAddress("wire", f"{OUTSIDE}/24"), AddAddress("wire", f"{OUTSIDE6}/64"))
        run_links((Add(Link("wire", "bridge")), *wire), outside)
        found = []
        for number, place in enumerate(places, 1):
            peer = Peer("eth0", place)
            run_links((Add(Link(f"n{number}", "veth", mtu=1450, master="wire", peer=peer)),), outside)
            own = tuple(AddAddress("eth0", f"{address_of(number, f)}/{PREFIX[f]}") for f in FAMILIES[families])
            run_links((Change("eth0", up=True), *own), place)
            (folder / f"n{number}").mkdir()
            loop = stack.enter_context(inside_loop(place))
            found.append(Node(number, place, loop, folder / f"n{number}", families))
        yield Ground(found, rooms, outside)
        for node in found:
            node.stop()


@contextmanager
def answering(netns: str, port: int = 8080) -> Iterator[None]:
    """A program in the namespace that tells every caller which address it sees."""
    with entered(netns):
        listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)

    def answer() -> None:
        while True:
            try:
                caller, (seen, *_) = listener.accept()
            except OSError:
                return
            with caller:
                caller.sendall(seen.removeprefix("::ffff:").encode())

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


def ask(netns: str, address: str, port: int = 8080) -> str:
    """Who the program at `address` sees when it is called from the namespace."""
    with entered(netns):
        caller = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    with caller:
        caller.settimeout(5)
        caller.connect((address, port))
        return caller.recv(100).decode()
