"""Pods: born Pending, with a quality of service; almost nothing of their spec changes; they have time to end."""

from __future__ import annotations

from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object
from pyk8s.api.podresources import qos_class
from pyk8s.api.validation.causes import forbidden as forbidden_field
from pyk8s.api.validation.causes import immutable
from pyk8s.api.validation.causes import invalid as invalid_value
from pyk8s.api.validation.podspec import check_pod_spec
from pyk8s.apiserver.registry.objects import without
from pyk8s.apiserver.registry.strategies.strategy import Part, Strategy, status_only, unmerged

MIRROR = "kubernetes.io/config.mirror"
"""The annotation of a mirror pod: what a kubelet shows of a static pod."""

_CHANGEABLE = ("activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations", "schedulingGates")
_FIXED = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def prepare_for_create(new: Object, now: str) -> Object:
    """A new pod is Pending, and held back while it has scheduling gates."""
    spec = new.get("spec") or {}
    status: Object = {"phase": "Pending", "qosClass": qos_class(spec)}
    if spec.get("schedulingGates"):
        status["conditions"] = [
            {
                "type": "PodScheduled",
                "status": "False",
                "reason": "SchedulingGated",
                "message": "Scheduling is blocked due to non-empty scheduling gates",
                "lastTransitionTime": now,
            }
        ]
    return {**new, "status": status}


def validate(new: Object, old: Object | None) -> list[Cause]:
    """A mirror pod names its node; an update changes only what may change."""
    spec = new.get("spec") or {}
    if old is not None:
        return validate_change(spec, old.get("spec") or {})
    mirrors = (new["metadata"].get("annotations") or {}).get(MIRROR)
    if mirrors is None or spec.get("nodeName"):
        return []
    detail = "must set spec.nodeName if mirror pod annotation is set"
    return [invalid_value(f"metadata.annotations[{MIRROR}]", mirrors, detail)]


def validate_change(new: Object, old: Object) -> list[Cause]:
    """What a plain update of a pod's spec may not have changed."""
    causes = _check_changeable(new, old)
    if _fixed_part(new) != _fixed_part(old):
        causes.append(forbidden_field("spec", _FIXED))
    return causes


def _fixed_part(spec: Object) -> Object:
    fixed = without(spec, *_CHANGEABLE)
    for field in ("containers", "initContainers"):
        if field in fixed:
            fixed[field] = [without(one, "image") for one in fixed[field]]
    if spec.get("schedulingGates"):  # a gated pod may still be narrowed down
        fixed.pop("nodeSelector", None)
        fixed.pop("affinity", None)
    return fixed


def _check_changeable(new: Object, old: Object) -> list[Cause]:
    causes: list[Cause] = []
    before, after = old.get("activeDeadlineSeconds"), new.get("activeDeadlineSeconds")
    if before is not None and (after is None or after > before):
        detail = "must be less than or equal to previous value" if after is not None else "may not be removed"
        causes.append(invalid_value("spec.activeDeadlineSeconds", after, detail))
    grace = "terminationGracePeriodSeconds"
    if new.get(grace) != old.get(grace) and not (old.get(grace, 0) < 0 and new.get(grace) == 1):
        causes += immutable(f"spec.{grace}", new.get(grace), old.get(grace))
    if any(held not in (new.get("tolerations") or ()) for held in old.get("tolerations") or ()):
        detail = "existing toleration can not be modified except its tolerationSeconds"
        causes.append(forbidden_field("spec.tolerations", detail))
    if any(gate not in (old.get("schedulingGates") or ()) for gate in new.get("schedulingGates") or ()):
        causes.append(
            forbidden_field("spec.schedulingGates", "only deletion is allowed, but found new scheduling gates")
        )
    return causes


def validate_status(new: Object, old: Object) -> list[Cause]:
    """A container that ended and is not to be restarted stays ended. Source: ValidatePodStatusUpdate."""
    if (old.get("spec") or {}).get("restartPolicy", "Always") != "Never":
        return []
    ended = {one.get("name") for one in _container_statuses(old) if "terminated" in (one.get("state") or {})}
    causes = []
    for index, one in enumerate(_container_statuses(new)):
        if one.get("name") in ended and "terminated" not in (one.get("state") or {}):
            at = f"status.containerStatuses[{index}].state"
            causes.append(forbidden_field(at, "may not be transitioned to non-terminated state"))
    return causes


def _container_statuses(obj: Object) -> list[Object]:
    return (obj.get("status") or {}).get("containerStatuses") or []


def status_of(new: Object, old: Object) -> Object:
    """The status as sent; the quality of service stays what it was at birth."""
    merged = status_only(new, old)
    born = (old.get("status") or {}).get("qosClass")
    if born and "status" in merged:
        merged["status"] = {**merged["status"], "qosClass": born}
    return merged


def ephemeral_of(new: Object, old: Object) -> Object:
    """`old` with the ephemeral containers of `new`."""
    containers = (new.get("spec") or {}).get("ephemeralContainers") or []
    return {**old, "metadata": _versioned(new, old), "spec": {**old["spec"], "ephemeralContainers": containers}}


def resized(new: Object, old: Object) -> Object:
    """`old` with the resources and resize policies of the containers of `new`, found by name."""
    spec = dict(old["spec"])
    for field in ("containers", "initContainers"):
        wanted = {one.get("name"): one for one in (new.get("spec") or {}).get(field) or ()}
        if field in spec:
            spec[field] = [_with_resources(one, wanted.get(one["name"], one)) for one in spec[field]]
    return {**old, "metadata": _versioned(new, old), "spec": spec}


def _with_resources(held: Object, wanted: Object) -> Object:
    kept = without(held, "resources", "resizePolicy")
    return kept | {name: wanted[name] for name in ("resources", "resizePolicy") if name in wanted}


def _versioned(new: Object, old: Object) -> Object:
    return {**old["metadata"], "resourceVersion": new["metadata"].get("resourceVersion")}


def validate_ephemeral(new: Object, old: Object) -> list[Cause]:
    """Ephemeral containers may be added and never changed or removed."""
    held = {one["name"]: one for one in old["spec"].get("ephemeralContainers") or ()}
    wanted = {one["name"]: one for one in new["spec"].get("ephemeralContainers") or ()}
    at = "spec.ephemeralContainers"
    causes = [forbidden_field(at, "existing ephemeral containers may not be removed")] if held.keys() - wanted else []
    for index, (name, container) in enumerate(wanted.items()):
        if name in held and held[name] != container:
            causes.append(forbidden_field(f"{at}[{index}]", "existing ephemeral containers may not be changed"))
    return causes + check_pod_spec(new["spec"], "spec")


def validate_resize(new: Object, old: Object) -> list[Cause]:
    """A resize keeps the quality of service."""
    causes = check_pod_spec(new["spec"], "spec")
    if not causes and qos_class(new["spec"]) != qos_class(old["spec"]):
        detail = "Pod QOS Class may not change as a result of resizing"
        causes.append(invalid_value("metadata", new["metadata"]["name"], detail))
    return causes


def grace(obj: Object, asked: int | None) -> int | None:
    """What was asked for, else what the pod says; none for a pod that no node runs, or that has ended."""
    spec, phase = obj.get("spec") or {}, (obj.get("status") or {}).get("phase")
    if not spec.get("nodeName") or phase in ("Succeeded", "Failed"):
        return 0
    seconds = asked if asked is not None else spec.get("terminationGracePeriodSeconds", 30)
    return 1 if seconds < 0 else int(seconds)


POD = Strategy(
    prepare_for_create=prepare_for_create,
    validate=validate,
    grace=grace,
    parts={
        "status": Part(status_of, validate_status),
        "ephemeralcontainers": Part(ephemeral_of, validate_ephemeral),
        "resize": Part(resized, validate_resize),
        "binding": Part(unmerged, counted=False),
    },
    counted=True,
    answers_deleted=True,
    selectable=(
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",
        "status.nominatedNodeName",
    ),
)
