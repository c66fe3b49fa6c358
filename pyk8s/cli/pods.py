"""Which pod and container a verb means: `web-1`, `deploy/web`, `svc/web`, `-c NAME`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
import orjson

from pyk8s.api.objectmeta import is_condition_true
from pyk8s.api.refs import PODS
from pyk8s.api.selectors import from_labels, from_object
from pyk8s.cli.targets import Target
from pyk8s.client.interface import Client

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"

Object = Mapping[str, Any]


async def pods_of(client: Client, target: Target) -> list[dict[str, Any]]:
    """The pods that `target` is or selects, ready ones first, then the youngest. Raises click.ClickException."""
    if target.resource.kind == "Pod":
        return [orjson.loads(await client.get(target.ref))]
    value = orjson.loads(await client.get(target.ref))
    selector = selector_text(value)
    if not selector:
        raise click.ClickException(f"{target.label} selects no pods")
    listing = await client.list(PODS.within(target.namespace), labels=selector)
    pods = [orjson.loads(body) for body in listing.items]
    if not pods:
        raise click.ClickException(f"{target.label} has no pods now")
    pods.sort(key=lambda pod: pod["metadata"].get("creationTimestamp", ""), reverse=True)
    return sorted(pods, key=lambda pod: not is_ready(pod))


def selector_text(value: Object) -> str:
    """The label selector of a workload or service as text; "" when it has none."""
    spec = value.get("spec") or {}
    selector = spec.get("selector") or {}
    if "matchLabels" not in selector and "matchExpressions" not in selector:
        return str(from_labels(selector))
    return str(from_object(selector))


def is_ready(pod: Object) -> bool:
    """Whether the pod's Ready condition is true."""
    return is_condition_true(pod, "Ready")


def container_of(pod: Object, wanted: str) -> str:
    """The container to use: the one asked for, the pod's default, else its first, which is said.

    Raises click.ClickException when there is none of that name.
    """
    spec = pod["spec"]
    names = [
        each["name"]
        for field in ("containers", "initContainers", "ephemeralContainers")
        for each in spec.get(field) or ()
    ]
    if wanted:
        if wanted not in names:
            raise click.ClickException(
                f"container {wanted} not found in pod {pod['metadata']['name']} (it has: {', '.join(names)})"
            )
        return wanted
    default = str((pod["metadata"].get("annotations") or {}).get(DEFAULT_CONTAINER, ""))
    if default in names:
        return default
    if len(spec["containers"]) > 1:
        others = ", ".join(names)
        click.echo(f'Defaulted container "{names[0]}" out of: {others}', err=True)
    return str(names[0])
