"""A pod's priority is the number that its priority class stands for. Source: KEP-268; plugin/pkg/admission/priority."""

from __future__ import annotations

from pyk8s.api.errors import forbidden
from pyk8s.api.objectmeta import Object
from pyk8s.api.refs import Ref
from pyk8s.api.resources import Resource
from pyk8s.apiserver.admission.review import Cluster, Plugin, Review

CLASSES = Ref("scheduling.k8s.io", "v1", "priorityclasses")
DEFAULT_POLICY = "PreemptLowerPriority"


def handles(resource: Resource, subresource: str, action: str) -> bool:
    """New pods, and new or changed priority classes."""
    if subresource:
        return False
    pods = not resource.group and resource.plural == "pods" and action == "create"
    classes = resource.group == CLASSES.group and resource.plural == CLASSES.resource and action != "delete"
    return pods or classes


async def mutate(obj: Object, review: Review, cluster: Cluster) -> Object:
    """The pod with its priority and preemption policy. Raises ApiError (Forbidden) for a class that is not there."""
    if review.resource.plural != "pods":
        return obj
    spec = obj["spec"]
    name = spec.get("priorityClassName", "")
    found = await cluster.lookup.find(CLASSES, "", name) if name else default_class(cluster)
    if name and found is None:
        raise _forbidden(obj, f"no PriorityClass with name {name} was found")
    value = int(found.get("value", 0)) if found else 0
    policy = (found or {}).get("preemptionPolicy") or DEFAULT_POLICY
    if spec.get("priority") is not None and spec["priority"] != value:
        why = (
            f"the integer value of priority ({spec['priority']}) must not be provided in pod spec; "
            f"priority admission controller computed {value} from the given PriorityClass name"
        )
        raise _forbidden(obj, why)
    made = {**spec, "priority": value, "preemptionPolicy": spec.get("preemptionPolicy") or policy}
    if found and not name:
        made["priorityClassName"] = found["metadata"]["name"]
    return {**obj, "spec": made}


def default_class(cluster: Cluster) -> Object | None:
    """The class of pods that name none: of those marked as default the lowest."""
    defaults = [one for one in cluster.lookup.every(CLASSES) if one.get("globalDefault")]
    return min(defaults, key=lambda one: one.get("value", 0), default=None)


async def validate(obj: Object, review: Review, cluster: Cluster) -> None:
    """Raise ApiError (Forbidden) for a second class that is the default."""
    if review.resource.plural != CLASSES.resource or not obj.get("globalDefault"):
        return
    held = default_class(cluster)
    if held is not None and held["metadata"]["name"] != obj["metadata"].get("name"):
        why = f"PriorityClass {held['metadata']['name']} is already marked as default. Only one default can exist"
        raise forbidden(CLASSES.group, CLASSES.resource, obj["metadata"].get("name", ""), why)


def _forbidden(pod: Object, why: str) -> Exception:
    return forbidden("", "pods", pod["metadata"].get("name", ""), why)


PLUGIN = Plugin(name="Priority", handles=handles, mutate=mutate, validate=validate)
