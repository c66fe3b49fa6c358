"""What a pod and its containers may use, as the kernel counts it. Pure.

Source: Kubernetes documentation, "Resource Management for Pods and Containers", "Pod Quality of Service Classes",
"Sidecar Containers" (resource sharing); node pressure documentation (oom_score_adj).
"""

from __future__ import annotations

from collections.abc import Mapping

from pyk8s.api.podresources import QOS_RESOURCES, Qos, peak, service_class
from pyk8s.api.quantity import QuantityInvalid, millicores, units
from pyk8s.gen.cri.v1 import runtime_pb2 as cri
from pyk8s.kernel.cgroup.values import PERIOD_US, Group, Version, quota, shares
from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.spec import Container, Pod
from pyk8s.kubelet.spec.container import Quantity

GUARANTEED_SCORE, BEST_EFFORT_SCORE = -997, 1000
"""oom_score_adj: below 0 the kernel spares a process, above it takes it first."""


def amount(resources: Mapping[str, Quantity], name: str) -> int:
    """A request or limit in millicores (cpu) or whole units; 0 when it is not set. Raises PodError when it is no
    quantity."""
    if name not in resources:
        return 0
    try:
        return millicores(resources[name]) if name == "cpu" else units(resources[name])
    except QuantityInvalid as why:
        raise PodError("CreateContainerConfigError", f"{name}: {resources[name]!r} is not a quantity: {why}") from why


def request(container: Container, name: str) -> int:
    """What is set aside for a container; a limit alone is a request too."""
    requests = container.resources.requests
    return amount(requests if name in requests else container.resources.limits, name)


def limit(container: Container, name: str) -> int:
    """What a container may use at most; 0 is no limit."""
    return amount(container.resources.limits, name)


def qos_class(pod: Pod) -> Qos:
    """The pod's quality of service, from the requests and limits of all its containers, or of the pod as a whole."""
    whole = pod.spec.resources
    held = [whole] if whole.requests or whole.limits else [one.resources for one in pod.spec.all_containers]
    return service_class((_amounts(one.requests), _amounts(one.limits)) for one in held)


def _amounts(resources: Mapping[str, Quantity]) -> dict[str, int]:
    return {name: amount(resources, name) for name in QOS_RESOURCES if name in resources}


def oom_score(pod: Pod, container: Container, memory_capacity: int) -> int:
    """oom_score_adj of a container's processes: the smaller its share of the node's memory, the sooner it is killed."""
    match qos_class(pod):
        case "Guaranteed":
            return GUARANTEED_SCORE
        case "BestEffort":
            return BEST_EFFORT_SCORE
        case _:
            share = 1000 * request(container, "memory") // max(1, memory_capacity)
            return min(BEST_EFFORT_SCORE - 1, max(1000 + GUARANTEED_SCORE, 1000 - share))


def container_resources(
    pod: Pod, container: Container, memory_capacity: int, version: Version
) -> cri.LinuxContainerResources:
    """The limits of one container as the runtime takes them."""
    made = cri.LinuxContainerResources(
        cpu_period=PERIOD_US,
        cpu_shares=shares(request(container, "cpu")),
        oom_score_adj=oom_score(pod, container, memory_capacity),
    )
    if cpu := limit(container, "cpu"):
        made.cpu_quota = quota(cpu)
    if memory := limit(container, "memory"):
        made.memory_limit_in_bytes = memory
        made.memory_swap_limit_in_bytes = memory
        if version == 2:
            made.unified["memory.oom.group"] = "1"
    return made


def total(pod: Pod, name: str, *, limits: bool = False) -> int:
    """What the whole pod requests (or may use at most) of `name`; 0 when a container has no limit.

    What is said of the pod as a whole counts before what its containers say. Source: KEP-753, KEP-2837.
    """
    spec, of = pod.spec, limit if limits else request
    whole = spec.resources.limits if limits else {**spec.resources.limits, **spec.resources.requests}
    if name in whole:
        return amount(whole, name)
    if limits and not all(of(one, name) for one in spec.all_containers):
        return 0
    inits = (({name: of(one, name)}, one.is_sidecar) for one in spec.init_containers)
    return peak(({name: of(one, name)} for one in spec.containers), inits).get(name, 0)


def pod_group(parent: str, pod: Pod) -> Group:
    """The pod's control group below `parent`, where its class keeps its pods, with the limits of the whole."""
    return Group(
        group_path(parent, pod),
        cpu_millicores=total(pod, "cpu", limits=True),
        cpu_weight_millicores=total(pod, "cpu"),
        memory=total(pod, "memory", limits=True),
    )


def group_path(parent: str, pod: Pod) -> str:
    """`parent`/kubepods[/burstable|/besteffort]/podUID."""
    qos = qos_class(pod)
    below = "" if qos == "Guaranteed" else f"/{qos.lower()}"
    return f"{parent.rstrip('/')}/kubepods{below}/pod{pod.metadata.uid}"


def group_paths(parent: str, uid: str) -> tuple[str, ...]:
    """Everywhere the group of pod `uid` can be, whatever its class."""
    return tuple(f"{parent.rstrip('/')}/kubepods{below}/pod{uid}" for below in ("", "/burstable", "/besteffort"))
