"""A pod: where it runs, what its containers do and why, and what happened to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pyk8s.cli.describe.layout import NONE, Object, Page, Related, conditions, events, head, labels


def describe_pod(value: Object, related: Related, now: datetime) -> str:
    """Everything a person asks about a pod, from its node to its last events."""
    page, spec, status = Page(), value["spec"], value.get("status") or {}
    head(page, value)
    page.add("Priority", spec.get("priority", 0))
    if spec.get("priorityClassName"):
        page.add("Priority Class Name", spec["priorityClassName"])
    page.add("Service Account", spec.get("serviceAccountName", "default"))
    node = spec.get("nodeName")
    page.add("Node", f"{node}/{status['hostIP']}" if node and status.get("hostIP") else node)
    if status.get("startTime"):
        page.add("Start Time", status["startTime"])
    labels(page, value)
    _state(page, value, status)
    _owner(page, value)
    if spec.get("initContainers"):
        _containers(page, "Init Containers", spec["initContainers"], status.get("initContainerStatuses") or ())
    _containers(page, "Containers", spec.get("containers") or (), status.get("containerStatuses") or ())
    if spec.get("ephemeralContainers"):
        _containers(
            page, "Ephemeral Containers", spec["ephemeralContainers"], status.get("ephemeralContainerStatuses") or ()
        )
    conditions(page, status.get("conditions") or ())
    _volumes(page, spec.get("volumes") or ())
    page.add("QoS Class", status.get("qosClass"))
    page.pairs("Node-Selectors", spec.get("nodeSelector"))
    page.add("Tolerations", "\n".join(toleration_text(each) for each in spec.get("tolerations") or ()))
    events(page, related.events, now)
    return page.text()


def _state(page: Page, value: Object, status: Mapping[str, Any]) -> None:
    metadata = value["metadata"]
    if metadata.get("deletionTimestamp"):
        page.add("Status", f"Terminating (since {metadata['deletionTimestamp']})")
        page.add("Termination Grace Period", f"{metadata.get('deletionGracePeriodSeconds', 0)}s")
    else:
        page.add("Status", status.get("phase"))
    if status.get("reason"):
        page.add("Reason", status["reason"])
    if status.get("message"):
        page.add("Message", status["message"])
    page.add("IP", status.get("podIP"))
    page.add("IPs", "\n".join(each["ip"] for each in status.get("podIPs") or ()))


def _owner(page: Page, value: Object) -> None:
    for owner in value["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            page.add("Controlled By", f"{owner['kind']}/{owner['name']}")


def _containers(page: Page, title: str, specs: Sequence[Object], statuses: Sequence[Object]) -> None:
    page.heading(title)
    by_name = {status["name"]: status for status in statuses}
    for spec in specs:
        page.heading(spec["name"], 1)
        _container(page, spec, by_name.get(spec["name"]) or {})


def _container(page: Page, spec: Object, status: Mapping[str, Any]) -> None:
    page.add("Container ID", status.get("containerID"), 2)
    page.add("Image", spec.get("image"), 2)
    page.add("Image ID", status.get("imageID"), 2)
    ports = [f"{port['containerPort']}/{port.get('protocol', 'TCP')}" for port in spec.get("ports") or ()]
    page.add("Ports" if len(ports) > 1 else "Port", ", ".join(ports), 2)
    for field in ("command", "args"):
        if spec.get(field):
            page.add(field.capitalize(), "\n".join(spec[field]), 2)
    _run_state(page, "State", status.get("state") or {"waiting": {}})
    if status.get("lastState"):
        _run_state(page, "Last State", status["lastState"])
    page.add("Ready", bool(status.get("ready")), 2)
    page.add("Restart Count", status.get("restartCount", 0), 2)
    for field, title in (("limits", "Limits"), ("requests", "Requests")):
        if (spec.get("resources") or {}).get(field):
            page.pairs(title, spec["resources"][field], 2, ": ")
    for field in ("liveness", "readiness", "startup"):
        if spec.get(f"{field}Probe"):
            page.add(field.capitalize(), probe_text(spec[f"{field}Probe"]), 2)
    page.add("Environment", "\n".join(_environment(each) for each in spec.get("env") or ()), 2)
    mounts = [
        f"{mount['mountPath']} from {mount['name']} ({'ro' if mount.get('readOnly') else 'rw'})"
        for mount in spec.get("volumeMounts") or ()
    ]
    page.add("Mounts", "\n".join(mounts), 2)


def _run_state(page: Page, title: str, state: Mapping[str, Any]) -> None:
    name, detail = next(iter((state or {"waiting": {}}).items()))
    page.add(title, name.capitalize(), 2)
    for field, label in (
        ("reason", "Reason"),
        ("message", "Message"),
        ("exitCode", "Exit Code"),
        ("signal", "Signal"),
        ("startedAt", "Started"),
        ("finishedAt", "Finished"),
    ):
        if detail.get(field) not in (None, ""):
            page.add(f"  {label}", detail[field], 2)


def probe_text(probe: Object) -> str:
    """`http-get http://:80/ delay=0s timeout=1s period=10s #success=1 #failure=3`."""
    if "httpGet" in probe:
        get = probe["httpGet"]
        what = (
            f"http-get {get.get('scheme', 'HTTP').lower()}://{get.get('host', '')}:{get['port']}{get.get('path', '/')}"
        )
    elif "tcpSocket" in probe:
        what = f"tcp-socket {probe['tcpSocket'].get('host', '')}:{probe['tcpSocket']['port']}"
    elif "grpc" in probe:
        what = f"grpc <pod>:{probe['grpc']['port']} {probe['grpc'].get('service') or ''}".rstrip()
    else:
        what = f"exec [{' '.join((probe.get('exec') or {}).get('command') or ())}]"
    return (
        f"{what} delay={probe.get('initialDelaySeconds', 0)}s timeout={probe.get('timeoutSeconds', 1)}s "
        f"period={probe.get('periodSeconds', 10)}s #success={probe.get('successThreshold', 1)} "
        f"#failure={probe.get('failureThreshold', 3)}"
    )


def _environment(entry: Object) -> str:
    source = entry.get("valueFrom")
    if not source:
        return f"{entry['name']}: {entry.get('value', '')}"
    kind, where = next(iter(source.items()))
    if kind == "fieldRef":
        return f"{entry['name']}: ({where.get('apiVersion', 'v1')}:{where['fieldPath']})"
    if kind == "resourceFieldRef":
        return f"{entry['name']}: ({where['resource']} of {where.get('containerName') or 'this container'})"
    noun = "config map" if kind == "configMapKeyRef" else "secret"
    return f"{entry['name']}: <set to the key '{where['key']}' in {noun} '{where['name']}'>"


def _volumes(page: Page, volumes: Sequence[Object]) -> None:
    if not volumes:
        page.add("Volumes", NONE)
        return
    page.heading("Volumes")
    for volume in volumes:
        kind, detail = next(((key, part) for key, part in volume.items() if key != "name"), ("emptyDir", {}))
        page.heading(volume["name"], 1)
        page.add("Type", kind[0].upper() + kind[1:], 2)
        for key, part in (detail or {}).items():
            if not isinstance(part, dict | list):
                page.add(key[0].upper() + key[1:], part, 2)


def toleration_text(toleration: Object) -> str:
    """`key=value:Effect op=Exists for 300s`, as kubectl writes it."""
    text = str(toleration.get("key", ""))
    if toleration.get("value"):
        text += f"={toleration['value']}"
    if toleration.get("effect"):
        text += f":{toleration['effect']}"
    if toleration.get("operator") == "Exists":
        text += " op=Exists"
    if toleration.get("tolerationSeconds") is not None:
        text += f" for {toleration['tolerationSeconds']}s"
    return text.strip()
