"""The row of a pod. Source: printPod."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pyk8s.api.columns.values import (
    NONE,
    Cells,
    Printer,
    age,
    columns,
    container_cells,
    labels,
    since,
    spec_of,
    status_of,
)
from pyk8s.api.objectmeta import Object, is_being_deleted, is_condition_true, metadata_of, name_of

_COLUMNS: Final = columns("Name", "Ready", "Status", "Restarts", "Age", "+IP", "+Node", "+Nominated Node",
                          "+Readiness Gates")  # fmt: skip
_DONE: Final = ("Succeeded", "Failed")


@dataclass(slots=True)
class _Tally:
    """What the containers of a pod add up to, read one by one."""

    reason: str
    ready: int = 0
    restarts: int = 0
    last: str = ""
    initializing: bool = False

    def count(self, status: Mapping[str, Any]) -> None:
        """Add the restarts of a container, and remember the latest end of one."""
        self.restarts += status.get("restartCount", 0)
        ended = ((status.get("lastState") or {}).get("terminated") or {}).get("finishedAt") or ""
        self.last = max(self.last, ended)


def pod_cells(pod: Object, now: datetime) -> Cells:
    """The row of a pod: how many containers are ready, and the one word that says best how it does."""
    spec, status = spec_of(pod), status_of(pod)
    sidecars = {c.get("name") for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"}
    tally = _tally(pod, sidecars)
    restarts = str(tally.restarts)
    if tally.restarts and tally.last:
        restarts = f"{restarts} ({since(tally.last, now)} ago)"
    addresses = status.get("podIPs") or ()
    total = len(spec.get("containers") or ()) + len(sidecars)
    return [
        name_of(pod),
        f"{tally.ready}/{total}",
        _final_reason(pod, tally.reason),
        restarts,
        age(pod, now),
        (addresses[0].get("ip") if addresses else status.get("podIP")) or NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        _readiness_gates(pod),
    ]


def pod_conditions(pod: Object) -> list[dict[str, str]]:
    """The conditions of a row: that the pod is over, by which clients hide it or grey it out."""
    match status_of(pod).get("phase"):
        case "Succeeded":
            message = "The pod has completed successfully."
        case "Failed":
            message = "The pod failed."
        case _:
            return []
    return [{"type": "Completed", "status": "True", "reason": status_of(pod)["phase"], "message": message}]


def _tally(pod: Object, sidecars: set[Any]) -> _Tally:
    status = status_of(pod)
    tally = _Tally(status.get("reason") or status.get("phase") or "")
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            tally.reason = "SchedulingGated"
    aside = _Tally("")
    _read_init_containers(pod, sidecars, tally, aside)
    if not tally.initializing or is_condition_true(pod, "Initialized"):
        tally.restarts, tally.last = aside.restarts, aside.last
        _read_containers(pod, tally)
    return tally


def _read_init_containers(pod: Object, sidecars: set[Any], tally: _Tally, aside: _Tally) -> None:
    total = len(spec_of(pod).get("initContainers") or ())
    for index, status in enumerate(status_of(pod).get("initContainerStatuses") or ()):
        tally.count(status)
        sidecar = status.get("name") in sidecars
        if sidecar:
            aside.count(status)
        state = status.get("state") or {}
        ended, waiting = state.get("terminated"), state.get("waiting") or {}
        if ended is not None and ended.get("exitCode", 0) == 0:
            continue
        if sidecar and status.get("started"):
            tally.ready += bool(status.get("ready"))
            continue
        if ended is not None:
            tally.reason = f"Init:{_end(ended)}"
        elif waiting.get("reason") and waiting["reason"] != "PodInitializing":
            tally.reason = f"Init:{waiting['reason']}"
        else:
            tally.reason = f"Init:{index}/{total}"
        tally.initializing = True
        return


def _read_containers(pod: Object, tally: _Tally) -> None:
    running = False
    for status in reversed(status_of(pod).get("containerStatuses") or ()):
        tally.count(status)
        state = status.get("state") or {}
        if waiting := (state.get("waiting") or {}).get("reason"):
            tally.reason = waiting
        elif (ended := state.get("terminated")) is not None:
            tally.reason = _end(ended)
        elif status.get("ready") and state.get("running") is not None:
            running = True
            tally.ready += 1
    if tally.reason == "Completed" and running:
        tally.reason = "Running" if is_condition_true(pod, "Ready") else "NotReady"


def _end(ended: Mapping[str, Any]) -> str:
    if reason := ended.get("reason"):
        return str(reason)
    if signal := ended.get("signal"):
        return f"Signal:{signal}"
    return f"ExitCode:{ended.get('exitCode', 0)}"


def _final_reason(pod: Object, reason: str) -> str:
    status = status_of(pod)
    if not is_being_deleted(pod):
        return reason
    if status.get("reason") == "NodeLost":
        return "Unknown"
    return reason if status.get("phase") in _DONE else "Terminating"


def _readiness_gates(pod: Object) -> str:
    gates = spec_of(pod).get("readinessGates") or ()
    if not gates:
        return NONE
    return f"{sum(is_condition_true(pod, gate.get('conditionType', '')) for gate in gates)}/{len(gates)}"


def _template_cells(obj: Object, now: datetime) -> Cells:
    template = obj.get("template") or {}
    return [name_of(obj), *container_cells(template.get("spec")), labels(metadata_of(template).get("labels"))]


POD: Final = Printer(_COLUMNS, pod_cells)
POD_TEMPLATE: Final = Printer(columns("Name", "Containers", "Images", "Pod Labels"), _template_cells)
