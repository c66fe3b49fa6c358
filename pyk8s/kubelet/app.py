"""The kubelet put together and run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from pyk8s.aio import clock
from pyk8s.aio.backoff import Backoff, Schedule
from pyk8s.aio.supervise import Tasks, keep_running
from pyk8s.api.refs import PODS, SERVICES
from pyk8s.client.informer import Informer
from pyk8s.client.interface import Client
from pyk8s.client.recorder import Recorder
from pyk8s.kernel.cgroup import run as cgroup
from pyk8s.kubelet.config import Config
from pyk8s.kubelet.environment import Service
from pyk8s.kubelet.errors import RuntimeTrouble
from pyk8s.kubelet.host import Groups, Host
from pyk8s.kubelet.images.puller import Puller
from pyk8s.kubelet.node.agent import NodeAgent
from pyk8s.kubelet.node.plan import allocatable
from pyk8s.kubelet.objects import Objects
from pyk8s.kubelet.pods import Pods
from pyk8s.kubelet.probes.prober import Prober
from pyk8s.kubelet.runtime.cri import CriRuntime, open_channel
from pyk8s.kubelet.runtime.interface import Runtime
from pyk8s.kubelet.spec import Pod, decode_pod
from pyk8s.kubelet.status.writer import StatusWriter
from pyk8s.kubelet.tokens import Tokens
from pyk8s.kubelet.volumes.mounter import Mounter
from pyk8s.observe import logs

log = logs.get("kubelet")

RECONNECT = Schedule(first=0.05, limit=5.0)


class Kubelet:
    """The pods of one node, from the API and from files, kept as they are wished."""

    def __init__(
        self,
        client: Client,
        config: Config,
        runtime: Runtime,
        tasks: Tasks,
        *,
        groups: Groups | None = None,
        mounter: Mounter | None = None,
    ) -> None:
        self.config = config
        self.client = client
        self.runtime = runtime
        self.tasks = tasks
        self.informer = Informer(client, PODS, fields=f"spec.nodeName={config.node_name}", decode=decode_pod)
        self.host = Host(
            config=config,
            client=client,
            runtime=runtime,
            groups=groups if groups is not None else cgroup.Groups(),
            mounter=mounter if mounter is not None else Mounter(Path(config.root_dir)),
            objects=Objects(client, self._object_changed, tasks),
            tokens=Tokens(client),
            puller=Puller(runtime),
            prober=Prober(runtime, tasks),
            status=StatusWriter(client, tasks),
            recorder=Recorder(client, "kubelet", config.node_name),
            services=Informer(client, SERVICES, decode=msgspec.json.Decoder(Service).decode),
            starts=asyncio.Semaphore(config.parallel_starts),
            allocatable=allocatable(config),
        )
        self.pods = Pods(self.host, tasks)

    def _object_changed(self, uid: str) -> None:
        self.pods.note_change(uid)

    async def run(self) -> None:
        """Take over what runs, then follow the API and the runtime until cancelled."""
        await self._recover()
        for work in (self.informer.run, self.host.services.run, self.host.recorder.run):
            self.tasks.start(work(), name=work.__qualname__)
        for loop in (self._follow_runtime, self._resync):
            self.tasks.start(keep_running(loop, failed=self._failed, schedule=RECONNECT), name=loop.__name__)
        await self.informer.synced()
        self.pods.start_workers(each for each in self.informer.list() if not each.is_mirror)
        self.informer.on_change(self._pod_changed)
        await asyncio.get_running_loop().create_future()

    def _failed(self, why: Exception) -> None:
        log.warning("the container runtime is not followed", why=why)

    async def _recover(self) -> None:
        backoff = Backoff(RECONNECT)
        while True:
            try:
                return await self.pods.recover()
            except RuntimeTrouble as why:
                log.warning("the container runtime cannot be asked yet", why=why)
            await backoff.wait()

    def _pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        pod = new if new is not None else old
        if pod is None or pod.is_mirror:
            return
        if new is None:
            self.pods.lose(pod.metadata.uid)
        else:
            self.pods.update(new)

    async def _follow_runtime(self) -> None:
        """Hear of every end at once; what ended while nobody listened is found by comparing."""
        async for ended in self.runtime.ended():
            if ended:
                self.pods.note_end(ended)
            else:
                await self.pods.compare()
        raise RuntimeTrouble("the runtime's event stream ended")

    async def _resync(self) -> None:
        while True:
            await clock.sleep(self.config.resync_seconds)
            await self.pods.compare()


async def run(client: Client, config: Config, *, ready: Callable[[], Any] = lambda: None) -> None:
    """Be the kubelet of this node until cancelled; `ready` is called once the node is registered and serves."""

    def failed(why: BaseException) -> None:
        log.error("a task of the kubelet failed", why=why, exc_info=why)

    async with Tasks(failed) as tasks:
        runtime = CriRuntime(open_channel(config.runtime_endpoint))
        try:
            kubelet = Kubelet(client, config, runtime, tasks)
            node = NodeAgent(config, client, runtime)
            tasks.start(keep_running(node.run, failed=failed), name="node")
            main = tasks.start(kubelet.run(), name="kubelet")
            await node.registered.wait()
            ready()
            await main
        finally:
            await tasks.close()
            await runtime.close()
