"""Static pods read from a folder as its files come, change and go; and their mirrors kept in the API."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import orjson
import yaml

from pyk8s.aio import clock
from pyk8s.aio.backoff import Backoff, Schedule
from pyk8s.aio.inotify import FileEvents
from pyk8s.api.errors import ApiError
from pyk8s.api.objectmeta import timestamp
from pyk8s.api.refs import PODS
from pyk8s.client.interface import Client
from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.pods import Pods
from pyk8s.kubelet.spec import Pod
from pyk8s.kubelet.static.plan import CreateMirror, StaticPod, plan_mirrors, static_pod
from pyk8s.kubelet.status.writer import StatusWriter
from pyk8s.observe import logs

log = logs.get("kubelet.static")

LARGEST_MANIFEST = 1024 * 1024
MOST_MANIFESTS = 512


class StaticPods:
    """The static pods of this node. `load` reads the folder once; `follow` and `mirror` run until cancelled."""

    def __init__(
        self,
        folder: Path,
        node_name: str,
        files: FileEvents,
        pods: Pods,
        client: Client,
        status: StatusWriter,
        mirrors: Callable[[], list[Pod]],
    ) -> None:
        self._folder, self._node_name, self._files = folder, node_name, files
        self._pods, self._client, self._status = pods, client, status
        self._mirrors = mirrors
        self._changed = asyncio.Event()
        self.node_uid = ""
        self.wanted: dict[str, StaticPod] = {}

    def load(self) -> None:
        """Read the folder: start what is new, end what is gone. A file that cannot be read counts as unchanged only
        when it was never read; its error is logged."""
        found: dict[str, StaticPod] = {}
        for path in self._manifests():
            try:
                one = self._read(path)
            except (PodError, OSError, yaml.YAMLError, UnicodeDecodeError) as why:
                log.warning("a manifest is left out", file=str(path), why=why)
                continue
            held = self.wanted.get(one.hash)
            found[one.hash] = held if held is not None else one
        for uid in set(self.wanted) - set(found):
            self._pods.lose(uid)
        for uid in set(found) - set(self.wanted):
            self._pods.update(found[uid].pod)
        self.wanted = found
        self._changed.set()

    def _manifests(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        usual = (path for path in self._folder.iterdir() if path.suffix in (".yaml", ".yml", ".json"))
        return sorted(path for path in usual if not path.name.startswith(".") and path.is_file())[:MOST_MANIFESTS]

    def _read(self, path: Path) -> StaticPod:
        if path.stat().st_size > LARGEST_MANIFEST:
            raise PodError("InvalidManifest", f"larger than {LARGEST_MANIFEST} bytes")
        manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
        return static_pod(manifest, self._node_name, self.node_uid, timestamp(clock.now()))

    def note_mirror(self) -> None:
        """A mirror pod has come, changed or gone."""
        self._changed.set()

    async def follow(self) -> None:
        """Read the folder again whenever it changes; it is made when it is not there."""
        await asyncio.to_thread(self._folder.mkdir, 0o755, True, True)
        with self._files.watch(self._folder) as changed:
            while True:
                self.load()
                await changed.wait()
                changed.clear()

    async def mirror(self) -> None:
        """Keep one copy of each static pod in the API."""
        backoff = Backoff(Schedule(first=0.2, limit=30.0))
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._sync()
                backoff.reset()
            except ApiError as why:
                log.warning("mirror pods wait", why=why)
                self._changed.set()
                await backoff.wait()

    async def _sync(self) -> None:
        mirrors = self._mirrors()
        for action in plan_mirrors(self.wanted, mirrors):
            if isinstance(action, CreateMirror):
                await self._create(self.wanted[action.uid])
            else:
                with contextlib.suppress(ApiError):  # gone already, or another by now: the next event tells
                    ref = PODS.of(action.name, action.namespace)
                    await self._client.delete(ref, grace_seconds=0, uid=action.uid)

    async def _create(self, one: StaticPod) -> None:
        ref = PODS.within(one.pod.metadata.namespace)
        try:
            made = orjson.loads(await self._client.create(ref, orjson.dumps(one.mirror)))
        except ApiError as why:
            if why.reason in ("AlreadyExists", "NotFound", "Forbidden", "Invalid"):
                log.warning("a static pod has no mirror", pod=one.pod.key, why=why)
                return
            raise
        self._status.alias(one.hash, made["metadata"]["uid"])

    def adopt(self) -> None:
        """Mirrors of a former run stand for the same pods still."""
        for mirror in self._mirrors():
            for uid, one in self.wanted.items():
                if one.pod.key == mirror.key:
                    self._status.alias(uid, mirror.metadata.uid)
