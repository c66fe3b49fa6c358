"""Deployments, replica sets, stateful sets and daemon sets: wanted and found, their template, their events."""

from __future__ import annotations

from datetime import datetime

from pyk8s.api.selectors import from_object
from pyk8s.cli.describe.layout import Object, Page, Related, conditions, events, head, labels


def describe_workload(value: Object, related: Related, now: datetime) -> str:
    """A workload with its selector, counts, strategy and pod template; a deployment also with its replica sets."""
    page, spec, status = Page(), value["spec"], value.get("status") or {}
    head(page, value)
    page.add("CreationTimestamp", value["metadata"].get("creationTimestamp"))
    labels(page, value)
    page.add("Selector", str(from_object(spec.get("selector") or {})))
    for owner in value["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            page.add("Controlled By", f"{owner['kind']}/{owner['name']}")
    page.add("Replicas", _counts(value["kind"], spec, status))
    _strategy(page, spec)
    add_template(page, spec.get("template") or {})
    conditions(page, status.get("conditions") or ())
    if value["kind"] == "Deployment":
        _replica_sets(page, value, related)
    events(page, related.events, now)
    return page.text()


def _counts(kind: str, spec: Object, status: Object) -> str:
    if kind == "DaemonSet":
        return f"{status.get('desiredNumberScheduled', 0)} desired | {status.get('numberReady', 0)} ready"
    wanted, total = spec.get("replicas", 1), status.get("replicas", 0)
    if kind != "Deployment":
        return f"{status.get('readyReplicas', 0)} ready / {total} current / {wanted} desired"
    return (
        f"{wanted} desired | {status.get('updatedReplicas', 0)} updated | {total} total | "
        f"{status.get('availableReplicas', 0)} available | {status.get('unavailableReplicas', 0)} unavailable"
    )


def _strategy(page: Page, spec: Object) -> None:
    strategy = spec.get("strategy") or spec.get("updateStrategy") or {}
    if strategy.get("type"):
        page.add("StrategyType", strategy["type"])
    if spec.get("minReadySeconds") is not None:
        page.add("MinReadySeconds", spec.get("minReadySeconds", 0))
    rolling = strategy.get("rollingUpdate") or {}
    if rolling.get("maxUnavailable") is not None or rolling.get("maxSurge") is not None:
        page.add(
            "RollingUpdateStrategy",
            f"{rolling.get('maxUnavailable')} max unavailable, {rolling.get('maxSurge')} max surge",
        )


def add_template(page: Page, template: Object) -> None:
    """The pod template with its containers, as a block."""
    page.heading("Pod Template")
    metadata, spec = template.get("metadata") or {}, template.get("spec") or {}
    page.pairs("Labels", metadata.get("labels"), 1)
    if metadata.get("annotations"):
        page.pairs("Annotations", metadata["annotations"], 1, ": ")
    page.heading("Containers", 1)
    for container in spec.get("containers") or ():
        page.heading(container["name"], 2)
        page.add("Image", container.get("image"), 3)
        ports = [f"{port['containerPort']}/{port.get('protocol', 'TCP')}" for port in container.get("ports") or ()]
        page.add("Ports" if len(ports) > 1 else "Port", ", ".join(ports), 3)
        env = [f"{each['name']}: {each.get('value', '<from elsewhere>')}" for each in container.get("env") or ()]
        page.add("Environment", "\n".join(env), 3)
        mounts = [f"{mount['mountPath']} from {mount['name']}" for mount in container.get("volumeMounts") or ()]
        page.add("Mounts", "\n".join(mounts), 3)


def _replica_sets(page: Page, value: Object, related: Related) -> None:
    newest = (value["metadata"].get("annotations") or {}).get("deployment.kubernetes.io/revision")
    old: list[str] = []
    new: list[str] = []
    for each in related.objects:
        metadata, status = each["metadata"], each.get("status") or {}
        text = f"{metadata['name']} ({status.get('replicas', 0)}/{each['spec'].get('replicas', 0)} replicas created)"
        mine = (metadata.get("annotations") or {}).get("deployment.kubernetes.io/revision") == newest
        (new if mine else old).append(text)
    page.add("OldReplicaSets", ", ".join(old))
    page.add("NewReplicaSet", ", ".join(new))
