"""Three machines on a private network, a node each: what the tests of packets between nodes stand on."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from tests.proxy.services import at, service_body, slice_body
from vm.machine import Running, booted
from vm.qemu import TREE
from vm.stage import Wish, prepare

SECONDS = 180.0
CLUSTER_IP, NODE_PORT, LOCAL_PORT = "10.96.0.20", 30080, 30081


def address(number):
    """Where node 1, 2, 3 is, for the other nodes."""
    return f"192.168.77.{10 + number}"


def node_object(number):
    """The Node of machine 1, 2, 3."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": f"node-{number}"},
        "spec": {"podCIDR": f"10.244.{number}.0/24", "podCIDRs": [f"10.244.{number}.0/24"]},
        "status": {"addresses": [{"type": "InternalIP", "address": address(number)}]},
    }


def choice(mode):
    """The ConfigMap that tells every proxy its mode."""
    text = f"apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: {mode}\n"
    return config_map("kube-proxy", {"config.conf": text})


def config_map(name, data):
    """A ConfigMap of kube-system."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"namespace": "kube-system", "name": name},
        "data": data,
    }


def settings(number, mode):
    """node.yaml of a node, and the Nodes there are."""
    return {
        "nodeName": f"node-{number}",
        "nodeIP": address(number),
        "clusterCIDR": "10.244.0.0/16",
        "serviceCIDR": "10.96.0.0/16",
        "proxy": {"mode": mode},
        "objects": [node_object(each) for each in (1, 2, 3)],
    }


class Node:
    """A node in its machine, asked line by line."""

    def __init__(self, machine: Running) -> None:
        self.machine = machine
        self.number = machine.value.number
        self.address = address(self.number)
        self._line = bytearray()
        self._answers = asyncio.Queue()
        self.log = bytearray()

    async def start(self, mode):
        """Start agent and proxy; returns when both are at work."""
        file = "/run/node.json"
        given = json.dumps(settings(self.number, mode)).encode()
        await self.machine.run("dd", "status=none", f"of={file}", given=given)
        words = ("python3", "-m", "tests.vm.inside.node", file)
        self.command = self.machine.spawn(words, self._hear, cwd=TREE)
        assert await self._answer() == "ready"

    def _hear(self, stream, data):
        if stream == 2:
            self.log += data
            return
        self._line += data
        *lines, rest = bytes(self._line).split(b"\n")
        self._line = bytearray(rest)
        for line in lines:
            self._answers.put_nowait(json.loads(line))

    async def _answer(self):
        answer = asyncio.ensure_future(self._answers.get())
        await asyncio.wait([answer, self.command.ended], timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
        assert answer.done(), f"node {self.number} ended or is silent: {self.log.decode()[-2000:]}"
        said = answer.result()
        assert "ok" in said, said["error"]
        return said["ok"]

    async def do(self, verb, what):
        """Ask the node for one thing, and get what it answers."""
        self.command.write(json.dumps({verb: what}).encode() + b"\n")
        return await self._answer()

    async def run(self, *words, seconds=SECONDS):
        """What a program in the machine prints; it has to end well."""
        done = await self.machine.run(*words, seconds=seconds)
        assert done.code == 0, f"{words}: {done.output}{done.errors}"
        return done.output

    async def wait_for(self, condition):
        """Wait, for a bounded time, until a line of shell is true in the machine."""
        await self.run("sh", "-c", f"for try in $(seq 150); do {condition} && exit 0; sleep 0.2; done; exit 1")

    async def ask(self, target, port, count=1, protocol="tcp", pod=""):
        """Who answers, and as whom one is seen: {(name, address): how often}; of failures {(what,): how often}."""
        inside = ("nsenter", f"--net=/run/netns/{pod}") if pod else ()
        talk = f"{TREE}/tests/vm/inside/talk.py"
        words = (*inside, "python3", "-IS", talk, "ask", target, str(port), str(count), protocol)
        return {tuple(answer.split()): often for answer, often in json.loads(await self.run(*words)).items()}


@asynccontextmanager
async def nodes(mode) -> AsyncIterator[list[Node]]:
    """Three nodes at work, a pod "pod-N" with an answer on each, and a Service over all three."""
    async with AsyncExitStack() as stack:
        machines = await stack.enter_async_context(booted(await prepare(Wish(machines=3))))
        made = [Node(machine) for machine in machines]
        await asyncio.gather(*(node.start(mode) for node in made))
        for node, (found,) in zip(made, await everywhere(made, "pod", "pod-{}"), strict=True):
            node.pod = found
        for body in services(made):
            await everywhere(made, "put", body)
        yield made


async def everywhere(made, verb, what):
    """Ask the same of all nodes at once; "{}" in a name is the node's number."""
    said = [what.format(node.number) if isinstance(what, str) else what for node in made]
    return await asyncio.gather(*(node.do(verb, each) for node, each in zip(made, said, strict=True)))


def services(made):
    """A Service at a cluster IP and a node port, one that keeps to the node a packet reaches, and their endpoints."""
    ends = [at(node.pod, f"node-{node.number}") for node in made]
    only = [at(made[0].pod, "node-1")]
    return [
        service_body("web", CLUSTER_IP, node_port=NODE_PORT),
        slice_body("web", *ends),
        service_body("near", "10.96.0.21", node_port=LOCAL_PORT, externalTrafficPolicy="Local"),
        slice_body("near", *only),
    ]
