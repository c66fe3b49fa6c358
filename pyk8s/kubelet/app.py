"""The kubelet put together and run."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from pyk8s.aio import clock
from pyk8s.aio.backoff import Backoff, Schedule
from pyk8s.aio.inotify import FileEvents
from pyk8s.aio.supervise import Tasks, keep_running
from pyk8s.api.quantity import units
from pyk8s.api.refs import PODS, SERVICES
from pyk8s.client.informer import Informer
from pyk8s.client.interface import Client
from pyk8s.client.recorder import Recorder
from pyk8s.gen.pyk8s.v1 import streams_pb2_grpc
from pyk8s.kernel.cgroup import run as cgroup
from pyk8s.kubelet.config import Config
from pyk8s.kubelet.environment import Service
from pyk8s.kubelet.errors import RuntimeTrouble
from pyk8s.kubelet.health import count, health
from pyk8s.kubelet.host import Groups, Host
from pyk8s.kubelet.images.puller import Puller
from pyk8s.kubelet.logs.rotate import CHECK_SECONDS, rotate
from pyk8s.kubelet.node.agent import NodeAgent
from pyk8s.kubelet.node.plan import allocatable
from pyk8s.kubelet.objects import Objects
from pyk8s.kubelet.pods import Pods
from pyk8s.kubelet.probes.prober import Prober
from pyk8s.kubelet.runtime.containerd import Processes
from pyk8s.kubelet.runtime.cri import CriRuntime, open_channel
from pyk8s.kubelet.runtime.interface import Runtime
from pyk8s.kubelet.server.service import Streams
from pyk8s.kubelet.spec import Pod, decode_pod
from pyk8s.kubelet.static.source import StaticPods
from pyk8s.kubelet.status.writer import StatusWriter
from pyk8s.kubelet.tokens import Tokens
from pyk8s.kubelet.volumes import usage
from pyk8s.kubelet.volumes.mounter import Mounter
from pyk8s.observe import logs
from pyk8s.observe.pages import address, pages_of, served
from pyk8s.wire.server import listen, make_server

log = logs.get("kubelet")

RECONNECT = Schedule(first=0.05, limit=5.0)
STREAM_BEGINS = 1.0
"""Seconds after which a runtime certainly sends the events that were asked for."""


def log_failure(why: BaseException) -> None:
    """A task of the kubelet ended by an error."""
    log.error("a task of the kubelet failed", why=why, exc_info=why)


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
        self.informed = asyncio.Event()
        """Set once it knows which pods it should have."""
        self.files = FileEvents()
        folder = Path(config.static_pod_path)
        self.static = StaticPods(
            folder, config.node_name, self.files, self.pods, client, self.host.status, self._mirrors
        )

    def _mirrors(self) -> list[Pod]:
        return [pod for pod in self.informer.list() if pod.is_mirror]

    def note_node(self, uid: str) -> None:
        """The node is registered under this uid: its mirror pods belong to it."""
        self.static.node_uid = uid

    def _object_changed(self, uid: str) -> None:
        self.pods.note_change(uid)

    async def run(self) -> None:
        """Take over what runs, then follow the API, the folder of static pods and the runtime until cancelled."""
        await self._recover()
        self.static.load()
        for work in (self.informer.run, self.host.services.run, self.host.recorder.run, self.files.run):
            self.tasks.start(work(), name=work.__qualname__)
        for loop in (self._follow_runtime, self._resync, self._rotate_logs, self._check_usage, self.static.follow):
            self.tasks.start(keep_running(loop, failed=self._failed, schedule=RECONNECT), name=loop.__name__)
        await self.informer.synced()
        self.static.adopt()
        static = [one.pod for one in self.static.wanted.values()]
        self.pods.start_workers([*static, *(each for each in self.informer.list() if not each.is_mirror)])
        self.informer.on_change(self._pod_changed)
        self.informed.set()
        await self.static.mirror()

    def _failed(self, why: Exception) -> None:
        log.warning("a part of the kubelet failed and is started again", why=why)

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
        if pod is None:
            return
        if pod.is_mirror:
            self.static.note_mirror()
            worker = self.pods.find(pod.metadata.namespace, pod.metadata.name, pod.metadata.uid)
            if new is not None and worker is not None:
                self.host.status.note_copy(worker.uid, new)
            return
        if new is None:
            self.pods.lose(pod.metadata.uid)
        else:
            self.pods.update(new)

    async def _follow_runtime(self) -> None:
        """Hear of every end at once; what ended while nobody listened is found by comparing."""
        async with Tasks(log_failure) as tasks:
            async for ended in self.runtime.ended():
                if ended:
                    self.pods.note_end(ended)
                else:
                    tasks.start(self._compare_twice())
        raise RuntimeTrouble("the runtime's event stream ended")

    async def _compare_twice(self) -> None:
        """Compare now, and when the event stream has surely begun."""
        await self.pods.compare()
        await clock.sleep(STREAM_BEGINS)
        await self.pods.compare()

    async def _resync(self) -> None:
        while True:
            await clock.sleep(self.config.resync_seconds)
            await self.pods.compare()

    async def _check_usage(self) -> None:
        while True:
            await clock.sleep(usage.CHECK_SECONDS)
            await self.pods.check_usage()

    async def _rotate_logs(self) -> None:
        size, count = units(self.config.container_log_max_size), self.config.container_log_max_files
        while True:
            await clock.sleep(CHECK_SECONDS)
            for view in self.pods.running():
                if view.log_path:
                    await rotate(self.runtime, view.id, Path(view.log_path), size, count)


async def run(client: Client, config: Config, *, ready: Callable[[], Any] = lambda: None) -> None:
    """Be the kubelet of this node until cancelled; `ready` is called once the node is registered and serves.

    Raises KeyFileInvalid, WireError when it cannot serve its streams.
    """
    async with Tasks(log_failure) as tasks:
        runtime = CriRuntime(open_channel(config.runtime_endpoint))
        kubelet = Kubelet(client, config, runtime, tasks)
        server, port = await serve(kubelet, runtime, config)
        try:
            node = NodeAgent(config, client, runtime, port, registered=kubelet.note_node)
            count(kubelet.pods)
            where = address(config.healthz_bind_address) if config.healthz_bind_address else None
            async with served(pages_of(health(node.registered, informed=kubelet.informed)), where):
                tasks.start(keep_running(node.run, failed=log_failure), name="node")
                main = tasks.start(kubelet.run(), name="kubelet")
                await node.registered.wait()
                ready()
                await main
        finally:
            await tasks.close()
            if server is not None:
                await asyncio.shield(server.stop(0))
            await asyncio.shield(runtime.close())


async def serve(kubelet: Kubelet, runtime: CriRuntime, config: Config) -> tuple[Any, int]:
    """Serve the streams into this node's containers; the server and its port, (None, 0) when none is configured."""
    if config.server is None:
        return None, 0
    streams = Path(config.root_dir) / "streams"
    await asyncio.to_thread(shutil.rmtree, streams, True)  # FIFOs of a former run
    server = make_server()
    clients = frozenset(config.server.clients)
    service = Streams(kubelet.pods, runtime, Processes(runtime.channel), kubelet.files, streams, clients)
    streams_pb2_grpc.add_StreamsServicer_to_server(service, server)  # type: ignore[no-untyped-call]
    first = config.node_ips[0]
    where = f"[{first}]" if ":" in first else first
    port = listen(
        server,
        f"{where}:{config.server.port}",
        cert_file=Path(config.server.cert_file),
        key_file=Path(config.server.key_file),
        client_ca_file=Path(config.server.ca_file),
    )
    await server.start()
    return server, port
