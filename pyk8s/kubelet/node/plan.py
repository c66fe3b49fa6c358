"""The Node object and its status as values. Pure. Source: core/v1 Node; Kubernetes documentation, "Node Status"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from pyk8s.api.objectmeta import micro_timestamp, timestamp
from pyk8s.api.quantity import format_bytes, format_millicores, millicores, units
from pyk8s.kubelet.config import Config
from pyk8s.kubelet.runtime.interface import Condition, ImageView

Json: TypeAlias = dict[str, Any]

VERSION = "v1.37.0"
"""The version of Kubernetes whose behaviour this kubelet has."""
MOST_IMAGES = 50
LEASES_IN = "kube-node-lease"


@dataclass(frozen=True, slots=True)
class Machine:
    """What the node says of the machine it is on."""

    machine_id: str = ""
    boot_id: str = ""
    kernel: str = ""
    os_image: str = ""
    architecture: str = "amd64"
    runtime: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """What changes on a node: how the runtime is, which images there are, where the streams are served (0: nowhere)."""

    runtime: Mapping[str, Condition]
    images: tuple[ImageView, ...] = ()
    port: int = 0
    trouble: str = ""


def node_object(config: Config, machine: Machine) -> Json:
    """The Node to register; its status is told apart."""
    labels = {
        "kubernetes.io/hostname": config.node_name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": machine.architecture,
        "beta.kubernetes.io/os": "linux",
        "beta.kubernetes.io/arch": machine.architecture,
        **config.labels,
    }
    taints = [
        {"key": each.key, "effect": each.effect, **({"value": each.value} if each.value else {})}
        for each in config.taints
    ]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": config.node_name, "labels": labels},
        "spec": {"taints": taints} if taints else {},
    }


def capacity(config: Config) -> dict[str, str]:
    """What the node has, as quantities."""
    said = {name: str(amount) for name, amount in config.capacity.items()}
    return {"cpu": "1", "memory": "1Gi", "pods": "110", "ephemeral-storage": "10Gi", **said}


def allocatable(config: Config) -> dict[str, str]:
    """What of it pods may get: all but what is reserved."""
    left = capacity(config)
    for name, kept in config.reserved.items():
        if name == "cpu":
            left[name] = format_millicores(max(0, millicores(left[name]) - millicores(kept)))
        elif name in left:
            left[name] = format_bytes(max(0, units(left[name]) - units(kept)))
    return left


def node_status(config: Config, machine: Machine, observed: Observed, before: Sequence[Json], now: datetime) -> Json:
    """The whole status; `before` are the conditions as they were, which keep the times of their last change."""
    status: Json = {
        "capacity": capacity(config),
        "allocatable": allocatable(config),
        "addresses": [
            *({"type": "InternalIP", "address": address} for address in config.node_ips),
            {"type": "Hostname", "address": config.node_name},
        ],
        "conditions": conditions(observed, before, now),
        "nodeInfo": {
            "machineID": machine.machine_id,
            "systemUUID": machine.machine_id,
            "bootID": machine.boot_id,
            "kernelVersion": machine.kernel,
            "osImage": machine.os_image,
            "containerRuntimeVersion": machine.runtime,
            "kubeletVersion": VERSION,
            "kubeProxyVersion": VERSION,
            "operatingSystem": "linux",
            "architecture": machine.architecture,
        },
        "images": images(observed.images),
    }
    if observed.port:
        status["daemonEndpoints"] = {"kubeletEndpoint": {"Port": observed.port}}
    return status


def status_patch(status: Json) -> Json:
    """The strategic merge patch that tells `status`. Addresses are merged by their type, of which a node of two
    families has two alike: the list is put in the place of the old one."""
    return {"status": {**status, "addresses": [*status["addresses"], {"$patch": "replace"}]}}


def conditions(observed: Observed, before: Sequence[Json], now: datetime) -> list[Json]:
    """Pressure of each kind, and whether the node can run pods."""
    wrong = trouble(observed)
    ready = (
        "Ready",
        not wrong,
        "KubeletNotReady" if wrong else "KubeletReady",
        wrong or "kubelet is posting ready status",
    )
    fine = [
        ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ]
    held = {each["type"]: each for each in before}
    stamp = timestamp(now)
    made = []
    for kind, ok, reason, message in [*((kind, False, reason, text) for kind, reason, text in fine), ready]:
        status = "True" if ok else "False"
        old = held.get(kind)
        since = old["lastTransitionTime"] if old is not None and old.get("status") == status else stamp
        made.append(
            {
                "type": kind,
                "status": status,
                "reason": reason,
                "message": message,
                "lastHeartbeatTime": stamp,
                "lastTransitionTime": since,
            }
        )
    return made


def trouble(observed: Observed) -> str:
    """What keeps the node from running pods, as a sentence; "" when nothing does."""
    if observed.trouble:
        return observed.trouble
    said = []
    for name in ("RuntimeReady", "NetworkReady"):
        found = observed.runtime.get(name)
        if found is None or not found.ok:
            what = "container runtime" if name == "RuntimeReady" else "container runtime network"
            reason, message = (found.reason, found.message) if found is not None else ("Unknown", "not reported")
            said.append(f"{what} not ready: {name}=false reason:{reason} message:{message}")
    return "; ".join(said)


def images(found: Iterable[ImageView]) -> list[Json]:
    """The largest images by their names; what the scheduler prefers nodes by."""
    largest = sorted(found, key=lambda one: (-one.size, one.id))[:MOST_IMAGES]
    return [{"names": [*one.digests, *one.tags], "sizeBytes": one.size} for one in largest if one.digests or one.tags]


def has_changed(old: Json, new: Json) -> bool:
    """Whether two statuses differ in anything but the time of the heartbeat."""
    return _timeless(old) != _timeless(new)


def _timeless(status: Json) -> Json:
    kept = [{k: v for k, v in each.items() if k != "lastHeartbeatTime"} for each in status.get("conditions", ())]
    return {**status, "conditions": kept}


def lease_object(config: Config, node_uid: str, now: datetime) -> Json:
    """The lease that says the node is alive."""
    owner = {"apiVersion": "v1", "kind": "Node", "name": config.node_name, "uid": node_uid}
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": config.node_name, "namespace": LEASES_IN, "ownerReferences": [owner] if node_uid else []},
        "spec": {
            "holderIdentity": config.node_name,
            "leaseDurationSeconds": config.lease_duration_seconds,
            "renewTime": micro_timestamp(now),
        },
    }
