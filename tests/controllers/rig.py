"""Controllers on a fake API, with nodes that run whatever is put on them."""

import asyncio
import itertools
from contextlib import asynccontextmanager

import orjson

from pyk8s.aio import clock
from pyk8s.api.refs import DEPLOYMENTS, LEASES, NODES, PODS, REPLICA_SETS
from pyk8s.client.fake import FakeApi, FakeClient
from pyk8s.client.fake_api import now_text
from pyk8s.client.recorder import Recorder
from pyk8s.reconcile.context import Context
from pyk8s.reconcile.informers import Informers


class Rig:
    """The API, and what tests do to it."""

    def __init__(self):
        self.api = FakeApi()
        self.client = FakeClient(self.api)
        self.controllers = []
        self.dead = set()
        """Nodes whose pods nobody ends."""

    async def create(self, ref, obj):
        space = obj["metadata"].get("namespace", "")
        return orjson.loads(await self.client.create(ref.within(space), orjson.dumps(obj)))

    async def patch(self, ref, patch):
        return orjson.loads(await self.client.patch(ref, orjson.dumps(patch)))

    def pods(self, **labels):
        """Pods that are not being deleted, with these labels."""
        return [
            pod
            for pod in self.api.objects(PODS)
            if "deletionTimestamp" not in pod["metadata"]
            and labels.items() <= (pod["metadata"].get("labels") or {}).items()
        ]

    async def until(self, condition, seconds=60.0):
        """Wait until `condition()` holds, looking after every write."""
        async with asyncio.timeout(seconds):
            while not condition():
                await self.api.next_change()

    @property
    def written(self):
        """How many writes there were, other than the renewals of leases."""
        return sum(verb not in ("get", "list", "watch") and ref != LEASES for verb, ref, _ in self.api.calls)

    async def settled(self, pause=0.5):
        """Wait until nobody has called for a write for `pause` virtual seconds."""
        while True:
            before = self.written
            await clock.sleep(pause)
            if self.written == before:
                return

    def writes(self, verb, ref):
        """The bodies of all calls of `verb` on the resource."""
        return [body for did, at, body in self.api.calls if did == verb and at.resource == ref.resource]


@asynccontextmanager
async def running(*controllers, rig=None, watcher=FakeClient):
    """A rig with the controllers of these classes (or factories) at work; `watcher` makes the client of the caches."""
    rig = rig or Rig()
    informers = Informers(watcher(rig.api))
    recorder = Recorder(FakeClient(rig.api, "recorder"), "test")
    rig.informers = informers
    rig.controllers = [make(Context(FakeClient(rig.api, "test"), informers, recorder)) for make in controllers]
    failures = []
    work = [informers.run(failures.append), recorder.run()]
    tasks = [asyncio.ensure_future(one) for one in work]
    await clock.sleep(0)
    await informers.synced()
    tasks += [asyncio.ensure_future(one.run()) for one in rig.controllers]
    try:
        yield rig
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert not failures


@asynccontextmanager
async def hollow_kubelet(rig, start=0.2, stop=0.5, ready=lambda pod: True, choose=lambda n: f"node-{n % 3}"):
    """Every pod is put on a node, runs after `start` seconds and is gone `stop` seconds after its deletion began."""
    client = FakeClient(rig.api, "kubelet")
    numbers = itertools.count(1)
    tasks = set()

    def spawn(work):
        task = asyncio.ensure_future(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def begin(pod):
        await clock.sleep(start)
        metadata = pod["metadata"]
        held = rig.api.object(PODS, metadata["name"], metadata["namespace"])
        if held is None or "deletionTimestamp" in held["metadata"]:
            return
        number = next(numbers)
        address = f"10.244.{number // 250}.{number % 250 + 1}"
        ok = "True" if ready(pod) else "False"
        conditions = [{"type": "Ready", "status": ok, "lastTransitionTime": now_text()}]
        status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": conditions}
        spec = {**held["spec"], "nodeName": held["spec"].get("nodeName") or choose(number)}
        rig.api.put(PODS, {**held, "spec": spec, "status": status})

    async def end(pod):
        await clock.sleep(stop)
        metadata = pod["metadata"]
        if pod["spec"].get("nodeName") in rig.dead:
            return
        if rig.api.object(PODS, metadata["name"], metadata["namespace"]):
            await client.delete(PODS.of(metadata["name"], metadata["namespace"]), grace_seconds=0)

    async def follow():
        version = str(rig.api.revision)
        for pod in rig.api.objects(PODS):
            spawn(begin(pod))
        async for batch in client.watch(PODS, resource_version=version):
            for event in batch:
                if event.type == "BOOKMARK":
                    continue
                pod = orjson.loads(event.object)
                if event.type == "ADDED":
                    spawn(begin(pod))
                elif event.type == "MODIFIED" and pod["metadata"].get("deletionTimestamp"):
                    spawn(end(pod))

    main = asyncio.ensure_future(follow())
    await clock.sleep(0)
    try:
        yield
    finally:
        main.cancel()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(main, *tasks, return_exceptions=True)


NODE_NAMES = ("node-0", "node-1", "node-2")


class HollowNodes:
    """Nodes that renew their leases every `period` seconds, except those in `silent`."""

    def __init__(self, rig, names=NODE_NAMES, period=1.0):
        self.rig, self.names, self.period = rig, tuple(names), period
        self.silent = set()

    async def __aenter__(self):
        for name in self.names:
            conditions = [
                {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": now_text()}
            ]
            metadata = {"name": name, "labels": {"topology.kubernetes.io/zone": f"zone-{name[-1]}"}}
            node = {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {}}
            self.rig.api.put(NODES, {**node, "status": {"conditions": conditions}})
        self._task = asyncio.ensure_future(self._beat())
        await clock.sleep(0)
        return self

    async def __aexit__(self, *_):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _beat(self):
        while True:
            for name in self.names:
                if name not in self.silent and not self.rig.api.down:
                    self.renew(name)
            await clock.sleep(self.period)

    def renew(self, name):
        metadata = {"name": name, "namespace": "kube-node-lease"}
        spec = {"holderIdentity": name, "renewTime": clock.now().isoformat(), "leaseDurationSeconds": 40}
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
        self.rig.api.put(LEASES, lease)


def deployment(name="web", replicas=3, image="nginx:1", namespace="default", **spec):
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": image}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, **spec},
    }


def replica_set(name="web", replicas=3, namespace="default", **spec):
    return {**deployment(name, replicas, namespace=namespace, **spec), "kind": "ReplicaSet"}


WEB = DEPLOYMENTS.of("web", "default")
WEB_SET = REPLICA_SETS.of("web", "default")
