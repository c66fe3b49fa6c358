"""Defaults of pods and of the pod templates in workloads. Source: pkg/apis/core/v1/defaults.go."""

from __future__ import annotations

from math import ceil
from typing import Any, Final

from pyk8s.api import podresources, quantity
from pyk8s.api.defaults.sources import default_field_source, pull_policy
from pyk8s.api.defaults.values import child, resource_list, unless_said, unless_zero
from pyk8s.api.defaults.volumes import default_volume
from pyk8s.api.objectmeta import Object

_POD_LEVEL: Final = ("cpu", "memory")
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_HOOKS: Final = ("postStart", "preStop")


def default_pod(pod: Object) -> None:
    """Fill in a pod: its template part, and what only a pod itself gets."""
    spec = child(pod, "spec")
    default_pod_spec(spec)
    for field in ("containers", "initContainers"):
        for container in spec.get(field) or ():
            _requests_from_limits(container["resources"])
    if spec.get("resources"):
        _pod_requests(spec)
    unless_said(spec, enableServiceLinks=True)
    if spec.get("hostNetwork"):
        _host_ports(spec)
    status = child(pod, "status")
    if not status.get("phase"):
        status["phase"] = "Pending"


def default_template(template: Object) -> None:
    """Fill in a pod template."""
    child(template, "metadata")
    default_pod_spec(child(template, "spec"))


def default_pod_spec(spec: Object) -> None:
    """Fill in what pods and templates share."""
    if not spec.get("dnsPolicy"):
        spec["dnsPolicy"] = "ClusterFirst"
    if not spec.get("restartPolicy"):
        spec["restartPolicy"] = "Always"
    if spec.get("securityContext") is None:
        spec["securityContext"] = {}
    if spec.get("terminationGracePeriodSeconds") is None:
        spec["terminationGracePeriodSeconds"] = 30
    if not spec.get("schedulerName"):
        spec["schedulerName"] = "default-scheduler"
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:  # the old field is kept equal to the new one
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for container in spec.get("containers") or ():
        default_container(container)
    for field in ("initContainers", "ephemeralContainers"):
        for container in spec.get(field) or ():
            default_container(container)
    for volume in spec.get("volumes") or ():
        default_volume(volume)
    if spec.get("overhead"):
        resource_list(spec, "overhead")
    if spec.get("resources"):
        resource_list(spec["resources"], "limits", "requests")


def default_container(container: Object) -> None:
    """Fill in a container of any kind."""
    if not container.get("imagePullPolicy"):
        container["imagePullPolicy"] = pull_policy(container.get("image") or "")
    if not container.get("terminationMessagePath"):
        container["terminationMessagePath"] = "/dev/termination-log"
    if not container.get("terminationMessagePolicy"):
        container["terminationMessagePolicy"] = "File"
    resources = container.get("resources")
    if resources is None:
        container["resources"] = {}
    elif resources:
        resource_list(resources, "limits", "requests")
    for port in container.get("ports") or ():
        if not port.get("protocol"):
            port["protocol"] = "TCP"
    for variable in container.get("env") or ():
        if source := variable.get("valueFrom"):
            default_field_source(source)
    for field in _PROBES:
        if probe := container.get(field):
            _default_probe(probe)
    if lifecycle := container.get("lifecycle"):
        for field in _HOOKS:
            if hook := lifecycle.get(field):
                _default_handler(hook)


def _default_probe(probe: Object) -> None:
    unless_zero(probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
    _default_handler(probe)


def _default_handler(handler: Object) -> None:
    get = handler.get("httpGet")
    if get is not None:
        unless_zero(get, path="/", scheme="HTTP")
    call = handler.get("grpc")
    if call is not None:
        unless_said(call, service="")


def _requests_from_limits(resources: Object) -> None:
    limits = resources.get("limits")
    if limits:
        resources["requests"] = {**limits, **(resources.get("requests") or {})}


def _host_ports(spec: Object) -> None:
    for field in ("containers", "initContainers"):
        for container in spec.get(field) or ():
            for port in container.get("ports") or ():
                if not port.get("hostPort") and port.get("containerPort"):
                    port["hostPort"] = port["containerPort"]


def _pod_requests(spec: Object) -> None:
    """Requests of the pod as a whole, where only its limits are said: what its containers ask for, or else the limit.

    Source: KEP-2837.
    """
    resources = spec["resources"]
    limits = resources.get("limits")
    if not limits:
        return
    requests = resources.get("requests") or {}
    asked = podresources.container_requests(spec)
    for name in _POD_LEVEL:
        if name in asked and name not in requests:
            requests[name] = _amount(name, asked[name])
    for name, limit in limits.items():
        if (name in _POD_LEVEL or name.startswith("hugepages-")) and name not in requests:
            requests[name] = limit
    if requests:
        resources["requests"] = requests


def _amount(name: str, amount: Any) -> str:
    return quantity.format_millicores(ceil(amount * 1000)) if name == "cpu" else quantity.format_bytes(ceil(amount))
