"""Facts about a pod under the names that environment variables and downward files ask for. Pure.

Source: Kubernetes documentation, "Downward API"; a map is written as sorted lines of key="value".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pyk8s.api.quantity import QuantityInvalid, parse
from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.resources import amount
from pyk8s.kubelet.spec import Container, Pod
from pyk8s.kubelet.spec.container import Quantity, ResourceField

_SUBSCRIPT = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a pod beside its spec: addresses, and what the node has to give (quantities)."""

    node_name: str = ""
    host_ips: tuple[str, ...] = ()
    pod_ips: tuple[str, ...] = ()
    allocatable: Mapping[str, Quantity] = field(default_factory=dict)


def field_value(pod: Pod, path: str, facts: Facts) -> str:
    """The value at `path` ("metadata.name", "metadata.labels['app']", "status.podIP", …); "" for a missing label.

    Raises PodError for a path that cannot be asked for.
    """
    metadata = pod.metadata
    if found := _SUBSCRIPT.fullmatch(path):
        held = metadata.labels if found[1] == "labels" else metadata.annotations
        return held.get(found[2], "")
    ips, hosts = facts.pod_ips, facts.host_ips
    known = {
        "metadata.name": metadata.name,
        "metadata.namespace": metadata.namespace,
        "metadata.uid": metadata.uid,
        "metadata.labels": _lines(metadata.labels),
        "metadata.annotations": _lines(metadata.annotations),
        "spec.nodeName": pod.spec.node_name or facts.node_name,
        "spec.serviceAccountName": pod.spec.service_account_name or "default",
        "status.hostIP": hosts[0] if hosts else "",
        "status.hostIPs": ",".join(hosts),
        "status.podIP": ips[0] if ips else "",
        "status.podIPs": ",".join(ips),
    }
    if path not in known:
        raise PodError("CreateContainerConfigError", f"unsupported fieldPath: {path}")
    return known[path]


def resource_value(pod: Pod, ref: ResourceField, facts: Facts, container: Container | None = None) -> str:
    """A request or limit as a number of `ref.divisor`s, rounded up; without a limit, what the node can give.

    `container` is whose environment it is, unless `ref` names one. Raises PodError.
    """
    chosen = pod.container(ref.container_name) if ref.container_name else container
    if chosen is None:
        raise PodError("CreateContainerConfigError", f"resourceFieldRef: no container {ref.container_name!r}")
    kind, _, name = ref.resource.partition(".")
    if kind not in ("limits", "requests") or not name:
        raise PodError("CreateContainerConfigError", f"unsupported container resource: {ref.resource!r}")
    requests, limits = chosen.resources.requests, chosen.resources.limits
    held: Mapping[str, Quantity] = limits if kind == "limits" or name not in requests else requests
    if name not in held and kind == "limits":
        held = facts.allocatable
    thousandths = amount(held, name) * (1 if name == "cpu" else 1000)
    try:
        divisor = parse(ref.divisor) or parse("1")
    except QuantityInvalid as why:
        raise PodError("CreateContainerConfigError", f"divisor {ref.divisor!r} is not a quantity: {why}") from why
    return str(-(-thousandths // int(divisor * 1000)))


def _lines(values: Mapping[str, str]) -> str:
    return "\n".join(f'{key}="{_escaped(value)}"' for key, value in sorted(values.items()))


def _escaped(text: str) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return "".join(escapes.get(letter, letter) for letter in text)
