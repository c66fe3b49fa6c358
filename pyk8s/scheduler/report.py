"""Tells people where a pod went, or why it went nowhere: an event, and the condition PodScheduled."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

import orjson

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError
from pyk8s.api.objectmeta import timestamp
from pyk8s.api.refs import PODS
from pyk8s.client.interface import Client, PatchType
from pyk8s.client.recorder import Recorder, Regarding
from pyk8s.observe import logs
from pyk8s.scheduler.objects import Condition, Pod

log = logs.get("scheduler")


class Reporter:
    """Writes in the background; of several messages about one pod only the last is written."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self.recorder = Recorder(client, name)
        self._pending: OrderedDict[str, tuple[Pod, str]] = OrderedDict()
        self._news = asyncio.Event()

    def scheduled(self, pod: Pod, node: str) -> None:
        """`pod` is on `node`."""
        self._pending.pop(pod.key, None)
        self.recorder.event(_about(pod), "Normal", "Scheduled", f"Successfully assigned {pod.key} to {node}")

    def refused(self, pod: Pod, message: str) -> None:
        """`pod` fits nowhere."""
        self.recorder.event(_about(pod), "Warning", "FailedScheduling", message)
        held = _condition(pod)
        if held is None or (held.status, held.reason, held.message) != ("False", "Unschedulable", message):
            self._pending[pod.key] = (pod, message)
            self._news.set()

    async def run(self) -> None:
        """Write until cancelled."""
        events = asyncio.ensure_future(self.recorder.run())
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                while self._pending:
                    _, (pod, message) = self._pending.popitem(last=False)
                    await self._write(pod, message)
        finally:
            events.cancel()

    async def _write(self, pod: Pod, message: str) -> None:
        ref = PODS.of(pod.metadata.name, pod.metadata.namespace).sub("status")
        try:
            await self._client.patch(ref, condition_patch(pod, message, timestamp(clock.now())), PatchType.STRATEGIC)
        except ApiError as why:
            # Nothing is lost: the next attempt says it again.
            log.info("the condition of a pod was not written", pod=pod.key, why=why)


def condition_patch(pod: Pod, message: str, now: str) -> bytes:
    """The patch of a pod's status that says why it is not scheduled; `now` as the API writes times."""
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    held = _condition(pod)
    if held is None or held.status != "False":
        condition["lastTransitionTime"] = now
    return orjson.dumps({"metadata": {"uid": pod.metadata.uid}, "status": {"conditions": [condition]}})


def _condition(pod: Pod) -> Condition | None:
    return next((one for one in pod.status.conditions or () if one.type == "PodScheduled"), None)


def _about(pod: Pod) -> Regarding:
    metadata = pod.metadata
    return Regarding("v1", "Pod", metadata.name, metadata.namespace, metadata.uid, metadata.resource_version)
