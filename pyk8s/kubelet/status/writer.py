"""Writes the status of pods to the API: the newest of each pod, one write of a pod at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec
import orjson

from pyk8s.aio.backoff import Backoff, Schedule
from pyk8s.aio.supervise import Tasks
from pyk8s.api.errors import ApiError
from pyk8s.api.refs import PODS
from pyk8s.client.interface import Client, PatchType
from pyk8s.kubelet.spec import Pod
from pyk8s.kubelet.status.containers import Json
from pyk8s.kubelet.status.plan import is_urgent, known_status, status_patch
from pyk8s.observe import logs

log = logs.get("kubelet.status")

LINGER = 0.25
"""Seconds that a pod's first word (its containers are being made) waits: mostly there is better news by then."""
RETRY = Schedule(first=0.1, limit=10.0)


class _Metadata(msgspec.Struct, rename="camel"):
    resource_version: str = ""

    @property
    def number(self) -> int:
        """The version as a number; versions of one kind can be compared (KEP-5504)."""
        return int(self.resource_version) if self.resource_version.isdigit() else 0


class _Versioned(msgspec.Struct):
    metadata: _Metadata


_VERSION = msgspec.json.Decoder(_Versioned)


def _overwritten(pod: Pod, version: int, status: Json) -> bool:
    """Whether somebody else has written over our conditions since our last write, which got `version`.

    The node controller does so for the pods of a node that fell silent; their status is ours to tell again.
    """
    held = _Metadata(pod.metadata.resource_version).number
    if not version or held <= version:
        return False
    ours = {each["type"]: each["status"] for each in status["conditions"]}
    return any(ours.get(each.type, each.status) != each.status for each in pod.status.conditions)


@dataclass(slots=True)
class _Pending:
    """What is to be written for one pod; `wake` is set when it changes or is urgent, `version` is the resource version
    that the last write got."""

    namespace: str
    name: str
    uid: str
    known: Json
    version: int = 0
    wanted: Json | None = None
    written: Json | None = None
    task: asyncio.Task[None] | None = None
    wake: asyncio.Event | None = None
    urgent: bool = False


class StatusWriter:
    """Every pod's status, on its way to the API."""

    def __init__(self, client: Client, tasks: Tasks) -> None:
        self._client = client
        self._tasks = tasks
        self._pods: dict[str, _Pending] = {}
        self._aliases: dict[str, str] = {}

    def conditions(self, uid: str) -> list[dict[str, str]]:
        """The conditions told last, or about to be."""
        pending = self._pods.get(uid)
        status = (pending.wanted or pending.written) if pending is not None else None
        return status["conditions"] if status is not None else []

    def alias(self, uid: str, mirror: str) -> None:
        """The API knows the static pod `uid` as `mirror`; what is known of it is told again."""
        self._aliases[uid] = mirror
        pending = self._pods.get(uid)
        if pending is not None:
            pending.wanted = pending.wanted or pending.written
            pending.written = None
            self._begin(pending)

    def uid_in_api(self, uid: str) -> str:
        """The uid that the API knows a pod by."""
        return self._aliases.get(uid, uid)

    def publish(self, pod: Pod, status: Json) -> None:
        """Let the API know the `status` of `pod`, as soon as it matters; the object is named by its uid too, so that no
        namesake gets it."""
        namespace, name, uid = pod.metadata.namespace, pod.metadata.name, pod.metadata.uid
        pending = self._pods.get(uid)
        if pending is None:
            pending = self._pods[uid] = _Pending(namespace, name, uid, known_status(pod))
        known = pending.wanted if pending.wanted is not None else pending.written
        if status == known:
            if pending.wanted is not None or not _overwritten(pod, pending.version, status):
                return
            pending.known, pending.written = known_status(pod), None
        pending.urgent = pending.urgent or is_urgent(pending.written, status)
        pending.wanted = status
        self._begin(pending)

    def note_copy(self, uid: str, copy: Pod) -> None:
        """How the API has the static pod `uid`: what somebody else wrote into its mirror is written over again."""
        pending = self._pods.get(uid)
        if pending is None or pending.written is None or pending.wanted is not None:
            return
        if _overwritten(copy, pending.version, pending.written):
            pending.wanted, pending.known, pending.written = pending.written, known_status(copy), None
            pending.urgent = True
            self._begin(pending)

    def _begin(self, pending: _Pending) -> None:
        """See to it that somebody writes what is wanted."""
        if pending.task is None:
            pending.wake = asyncio.Event()
            name = f"status {pending.namespace}/{pending.name}"
            pending.task = self._tasks.start(self._write(pending), name=name)
        if pending.urgent and pending.wake is not None:
            pending.wake.set()

    async def flush(self, uid: str) -> None:
        """Wait until what was published for a pod is written, or cannot be."""
        pending = self._pods.get(uid)
        if pending is not None and pending.task is not None:
            if pending.wake is not None:
                pending.wake.set()
            await asyncio.wait([pending.task])

    def forget(self, uid: str) -> None:
        """The pod is gone."""
        pending = self._pods.pop(uid, None)
        self._aliases.pop(uid, None)
        if pending is not None and pending.task is not None:
            pending.task.cancel()

    async def _write(self, pending: _Pending) -> None:
        backoff = Backoff(RETRY)
        try:
            assert pending.wake is not None
            try:
                async with asyncio.timeout(LINGER):
                    await pending.wake.wait()
            except TimeoutError:
                pass
            while pending.wanted is not None:
                status, pending.wanted = pending.wanted, None
                if await self._send(pending, status):
                    pending.written, pending.urgent = status, False
                    backoff.reset()
                else:
                    pending.wanted = pending.wanted or status
                    await backoff.wait()
        finally:
            pending.task = None

    async def _send(self, pending: _Pending, status: Json) -> bool:
        """Write once; True when it is done or never will be."""
        ref = PODS.of(pending.name, pending.namespace).sub("status")
        patch = status_patch(pending.written or pending.known, status)
        body = orjson.dumps({"metadata": {"uid": self.uid_in_api(pending.uid)}, "status": patch})
        try:
            answer = await self._client.patch(ref, body, PatchType.STRATEGIC, manager="kubelet")
            pending.version = _VERSION.decode(answer).metadata.number
        except ApiError as why:
            if why.code in (404, 409) or why.reason == "Invalid":
                log.info("a pod's status was refused", pod=f"{pending.namespace}/{pending.name}", why=why)
                return True
            log.warning("a pod's status waits", pod=f"{pending.namespace}/{pending.name}", why=why)
            return False
        return True
