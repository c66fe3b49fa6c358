"""Which container a call means. Raises ApiError in the words kubectl shows."""

from __future__ import annotations

from pyk8s.api.errors import ApiError, bad_request, not_found
from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb
from pyk8s.kubelet.pods import Pods
from pyk8s.kubelet.spec import Container, Pod
from pyk8s.kubelet.values import ContainerView
from pyk8s.kubelet.worker import Worker

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


def worker_of(pods: Pods, ref: pb.PodRef) -> tuple[Worker, Pod]:
    """The worker of the pod that is meant. Raises ApiError (404)."""
    worker = pods.find(ref.namespace, ref.name, ref.uid)
    if worker is None or worker.memory.pod is None:
        raise not_found("", "pods", ref.name)
    return worker, worker.memory.pod


def container_of(pod: Pod, name: str) -> Container:
    """The container of that name; without a name the default one, or the only one. Raises ApiError (400)."""
    names = [one.name for one in pod.spec.containers]
    chosen = name or pod.metadata.annotations.get(DEFAULT_CONTAINER, "") or (names[0] if len(names) == 1 else "")
    if not chosen:
        choice = " ".join(names)
        raise bad_request(f"a container name must be specified for pod {pod.metadata.name}, choose one of: [{choice}]")
    container = pod.container(chosen)
    if container is None:
        raise bad_request(f"container {chosen} is not valid for pod {pod.metadata.name}")
    return container


def running(worker: Worker, pod: Pod, container: Container) -> ContainerView:
    """The instance of a container that runs. Raises ApiError."""
    view = worker.view().newest(container.name)
    if view is None or view.state != "running":
        message = f'container not found ("{container.name}"): it is not running in pod {pod.metadata.name}'
        raise ApiError("NotFound", message, code=404, kind="pods", name=pod.metadata.name)
    return view


def logged(worker: Worker, pod: Pod, container: Container, *, previous: bool) -> ContainerView:
    """The instance whose log is asked for. Raises ApiError (400)."""
    seen = worker.view()
    instances = [one for one in seen.instances(container.name) if one.state != "created"]
    if previous:
        if (instances and instances[0].state == "running") or (len(instances) > 1 and not _waits(worker, container)):
            instances = instances[1:]
        if not instances:
            what = f'previous terminated container "{container.name}" in pod "{pod.metadata.name}" not found'
            raise bad_request(what)
        return instances[0]
    if not instances:
        hold = seen.holds.get(f"image/{container.name}") or seen.holds.get(f"container/{container.name}")
        reason = hold.reason if hold is not None else "ContainerCreating"
        where = f'container "{container.name}" in pod "{pod.metadata.name}"'
        raise bad_request(f"{where} is waiting to start: {reason}")
    return instances[0]


def _waits(worker: Worker, container: Container) -> bool:
    """Whether the container that ended last is about to be started again: then it is the previous one."""
    pod = worker.memory.pod
    return pod is not None and pod.spec.restart_policy != "Never" and not pod.is_terminating
