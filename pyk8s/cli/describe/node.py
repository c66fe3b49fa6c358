"""A node: its state, what it can carry, what it carries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import ceil

from pyk8s.api.columns.values import age
from pyk8s.api.podresources import add, pod_requests
from pyk8s.api.quantity import millicores, units
from pyk8s.cli.describe.layout import NONE, Object, Page, Related, conditions, events, head, labels


def describe_node(value: Object, related: Related, now: datetime) -> str:
    """The node; `related.objects` are the pods on it."""
    page, spec, status = Page(), value.get("spec") or {}, value.get("status") or {}
    head(page, value)
    page.add("Roles", ",".join(roles(value)))
    labels(page, value)
    page.add("CreationTimestamp", value["metadata"].get("creationTimestamp"))
    page.add("Taints", "\n".join(taint_text(each) for each in spec.get("taints") or ()))
    page.add("Unschedulable", "true" if spec.get("unschedulable") else "false")
    conditions(page, status.get("conditions") or ())
    page.heading("Addresses")
    for each in status.get("addresses") or ():
        page.add(each["type"], each["address"], 1)
    for field in ("capacity", "allocatable"):
        page.heading(field.capitalize())
        for name, amount in sorted((status.get(field) or {}).items()):
            page.add(name, amount, 1)
    page.heading("System Info")
    for name, text in (status.get("nodeInfo") or {}).items():
        if isinstance(text, str):
            page.add(name, text, 1)
    page.add("PodCIDR", spec.get("podCIDR"))
    _pods(page, value, related.objects, now)
    events(page, related.events, now)
    return page.text()


def roles(node: Object) -> list[str]:
    """The roles that labels of the form node-role.kubernetes.io/ROLE give."""
    prefix = "node-role.kubernetes.io/"
    return sorted(key.removeprefix(prefix) for key in node["metadata"].get("labels") or {} if key.startswith(prefix))


def taint_text(taint: Object) -> str:
    """`key=value:Effect`."""
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def _pods(page: Page, node: Object, pods: Sequence[Object], now: datetime) -> None:
    running = [pod for pod in pods if (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")]
    page.heading(f"Non-terminated Pods ({len(running)} in total)")
    if not running:
        page.line(NONE, 1)
    else:
        rows = []
        for pod in running:
            cpu, memory = requested([pod])
            metadata = pod["metadata"]
            rows.append(
                [
                    metadata.get("namespace", ""),
                    metadata["name"],
                    f"{cpu}m",
                    f"{memory // 1024**2}Mi",
                    age(pod, now),
                ]
            )
        page.table(["Namespace", "Name", "CPU Requests", "Memory Requests", "Age"], rows)
    allocatable = (node.get("status") or {}).get("allocatable") or {}
    cpu, memory = requested(running)
    page.heading("Allocated resources")
    page.add("cpu", f"{cpu}m ({_share(cpu, millicores(allocatable.get('cpu', '0')))})", 1)
    page.add("memory", f"{memory // 1024**2}Mi ({_share(memory, units(allocatable.get('memory', '0')))})", 1)


def requested(pods: Sequence[Object]) -> tuple[int, int]:
    """What `pods` take from a node: millicores and bytes."""
    wanted = add(pod_requests(pod["spec"]) for pod in pods)
    return ceil(wanted.get("cpu", 0) * 1000), ceil(wanted.get("memory", 0))


def _share(part: int, whole: int) -> str:
    return f"{100 * part // whole}%" if whole else "?"
