"""A kubelet under test: on a real containerd, with an API in memory."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import orjson

from pyk8s.aio import clock
from pyk8s.aio.supervise import Tasks
from pyk8s.api.errors import ApiError
from pyk8s.api.refs import EVENTS, NAMESPACES, PODS
from pyk8s.client.fake import FakeClient
from pyk8s.client.fake_api import FakeApi
from pyk8s.kubelet.app import Kubelet
from pyk8s.kubelet.config import Config
from pyk8s.kubelet.errors import RuntimeTrouble
from pyk8s.kubelet.logs.format import parse_line
from pyk8s.kubelet.runtime.containerd import Processes
from pyk8s.kubelet.runtime.cri import CriRuntime, open_channel
from tests.kubelet import rig

SECONDS = 30.0
Json = dict[str, Any]


def pod(name: str, *command: str, container: Json | None = None, metadata: Json | None = None, **spec: Any) -> Json:
    """A pod on the test's node with one container "main" that runs `command` (a shell script when it is one text)."""
    argv = ["sh", "-c", command[0]] if len(command) == 1 else list(command) or ["sleep", "1000000"]
    made = {"name": "main", "image": rig.IMAGE, "imagePullPolicy": "IfNotPresent", "command": argv, **(container or {})}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", **(metadata or {})},
        "spec": {
            "nodeName": "node-1",
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "containers": [made, *spec.pop("more", [])],
            **spec,
        },
    }


def container(name: str, *command: str, **fields: Any) -> Json:
    """One more container."""
    argv = ["sh", "-c", command[0]] if len(command) == 1 else list(command) or ["sleep", "1000000"]
    return {"name": name, "image": rig.IMAGE, "imagePullPolicy": "IfNotPresent", "command": argv, **fields}


def is_ready(found: Json | None) -> bool:
    """Whether the pod's Ready condition is true."""
    return condition(found, "Ready") == "True"


def condition(found: Json | None, kind: str) -> str:
    """The status of a condition, "" when there is none."""
    conditions = ((found or {}).get("status") or {}).get("conditions") or ()
    return next((each["status"] for each in conditions if each["type"] == kind), "")


def status_of(found: Json | None, name: str = "main") -> Json:
    """The status of one container, {} while there is none."""
    status = (found or {}).get("status") or {}
    for each in (*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())):
        if each["name"] == name:
            return each
    return {}


def waits_for(reason: str, name: str = "main") -> Callable[[Json | None], bool]:
    """Whether a container waits for `reason`."""
    return lambda found: (status_of(found, name).get("state") or {}).get("waiting", {}).get("reason") == reason


def phase(wanted: str) -> Callable[[Json | None], bool]:
    """Whether the pod is in that phase."""
    return lambda found: ((found or {}).get("status") or {}).get("phase") == wanted


class Node:
    """The kubelet under test and ways to look at what it does."""

    def __init__(self, api: FakeApi, running: rig.Rig, folder: Path, config: Config) -> None:
        self.client = FakeClient(api)
        self.rig = running
        self.folder = folder
        self.config = config
        self.runtime = CriRuntime(open_channel(running.endpoint))
        self.processes = Processes(self.runtime.channel)
        self.kubelet: Kubelet | None = None
        self._stack = contextlib.AsyncExitStack()

    async def start(self) -> None:
        """Start the kubelet (again)."""
        failures: list[BaseException] = []
        self._failures = failures
        tasks = await self._stack.enter_async_context(Tasks(failures.append))
        self.kubelet = Kubelet(self.client, self.config, self.runtime, tasks)
        tasks.start(self.kubelet.run())

    async def stop(self) -> None:
        """End the kubelet, leaving its containers alone."""
        await self._stack.aclose()
        assert not self._failures, self._failures

    async def create(self, made: Json) -> None:
        """Create a pod."""
        await self.client.create(PODS.within(made["metadata"]["namespace"]), orjson.dumps(made))

    async def get(self, name: str) -> Json | None:
        """The pod as the API has it."""
        try:
            return orjson.loads(await self.client.get(PODS.of(name, "default")))
        except ApiError:
            return None

    async def until(self, name: str, wanted: Callable[[Json | None], Any], seconds: float = SECONDS) -> Json:
        """The pod once `wanted` is true of it."""
        found = None
        try:
            async with asyncio.timeout(seconds):
                while not wanted(found := await self.get(name)):
                    await self.client.api.next_change()
        except TimeoutError:
            events = [f"{each['reason']}: {each['message']}" for each in await self.events(name)]
            raise AssertionError(f"{name} never got there: {orjson.dumps(found).decode()}\n{events}") from None
        return found or {}

    async def ready(self, made: Json) -> Json:
        """Create a pod and wait until it is ready."""
        await self.create(made)
        return await self.until(made["metadata"]["name"], is_ready)

    async def done(self, made: Json, wanted: str = "Succeeded") -> Json:
        """Create a pod and wait until it has ended."""
        await self.create(made)
        return await self.until(made["metadata"]["name"], phase(wanted))

    async def delete(self, name: str, grace: int | None = None) -> None:
        """Delete a pod and wait until it is gone, from the API and from the node."""
        uid = self.worker(name).uid
        await self.client.delete(PODS.of(name, "default"), grace_seconds=grace)
        await self.until(name, lambda found: found is None)
        await self.forgotten(uid)

    async def known(self, name: str) -> None:
        """Wait until the kubelet has taken note of a pod."""
        async with asyncio.timeout(SECONDS):
            while self.worker(name) is None:
                await clock.sleep(0.01)

    async def forgotten(self, uid: str) -> None:
        """Wait until the node has nothing of a pod any more."""
        assert self.kubelet is not None
        async with asyncio.timeout(SECONDS):
            while self.kubelet.pods.get(uid) is not None:
                await clock.sleep(0.01)

    async def events(self, name: str) -> list[Json]:
        """What was told about a pod."""
        if self.kubelet is not None:
            await self.kubelet.host.recorder.flush()
        found = [orjson.loads(body) for body in (await self.client.list(EVENTS)).items]
        return [each for each in found if each["involvedObject"]["name"] == name]

    def worker(self, name: str) -> Any:
        """The worker of a pod."""
        assert self.kubelet is not None
        return self.kubelet.pods.find("default", name)

    def view(self, name: str, of: str = "main") -> Any:
        """The newest instance of a container."""
        return self.worker(name).view().newest(of)

    def log(self, name: str, of: str = "main") -> str:
        """What a container has written so far."""
        lines = [parse_line(raw) for raw in Path(self.view(name, of).log_path).read_bytes().splitlines()]
        return b"".join(line.text for line in lines if line is not None).decode()

    async def sh(self, name: str, script: str, of: str = "main") -> str:
        """The output of a shell script inside a container."""
        done = await self.runtime.exec(self.view(name, of).id, ["sh", "-c", script], 10)
        assert done.exit_code == 0, done
        return done.stdout.decode()


@contextlib.asynccontextmanager
async def running_node(running: rig.Rig, folder: Path, **settings: Any) -> AsyncIterator[Node]:
    """A kubelet at work; whatever it left in the runtime is removed at the end."""
    config = Config(
        node_name="node-1",
        node_ip="10.77.0.1",
        runtime_endpoint=running.endpoint,
        root_dir=str(folder / "kubelet"),
        pod_logs_dir=str(folder / "logs"),
        static_pod_path=str(folder / "manifests"),
        cgroup_parent=rig.group_parent(running.folder),
        capacity={"cpu": "2", "memory": "4Gi", "pods": "110"},
        **settings,
    )
    node = Node(FakeApi(), running, folder, config)
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}
    await node.client.create(NAMESPACES, orjson.dumps(space))
    await node.start()
    try:
        yield node
    finally:
        await node.stop()
        await _sweep(node)
        await node.runtime.close()


async def _sweep(node: Node) -> None:
    async with asyncio.timeout(SECONDS):
        while sandboxes := await node.runtime.sandboxes():
            for each in sandboxes:
                with contextlib.suppress(RuntimeTrouble):  # it is still busy with what was interrupted
                    await node.runtime.stop_sandbox(each.id)
                    await node.runtime.remove_sandbox(each.id)
    assert node.kubelet is not None
    for uid in node.kubelet.host.mounter.pods():
        node.kubelet.host.mounter.remove(uid)
