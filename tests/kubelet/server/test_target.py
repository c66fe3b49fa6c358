"""Which container a call means."""

import pytest

from pyk8s.api.errors import ApiError
from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb
from pyk8s.kubelet.memory import Memory
from pyk8s.kubelet.server.target import container_of, logged, running, worker_of
from pyk8s.kubelet.values import Hold
from tests.kubelet.values import POD, SANDBOX, exited, make_pod
from tests.kubelet.values import running as runs

TWO = make_pod("web", "other")


class Worker:
    """As much of a worker as is asked for."""

    def __init__(self, *containers, pod=POD, **memory):
        self.memory = Memory("uid-1", pod, containers={one.id: one for one in containers}, **memory)
        self.memory.sandboxes = {"s0": SANDBOX}

    def view(self):
        return self.memory.view(frozenset(), lambda container_id: None)


class Pods:
    """One pod, or none."""

    def __init__(self, worker=None):
        self.worker = worker

    def find(self, namespace, name, uid=""):
        return self.worker


WEB = POD.spec.containers[0]


def test_a_pod_of_elsewhere_is_not_found():
    with pytest.raises(ApiError, match='pods "p" not found'):
        worker_of(Pods(), pb.PodRef(namespace="default", name="p"))


@pytest.mark.parametrize(
    ("pod", "name", "chosen"),
    [
        (POD, "", "web"),
        (TWO, "other", "other"),
        (
            make_pod("web", "other", metadata={"annotations": {"kubectl.kubernetes.io/default-container": "other"}}),
            "",
            "other",
        ),
    ],
)
def test_the_container_that_is_meant(pod, name, chosen):
    assert container_of(pod, name).name == chosen


@pytest.mark.parametrize(("name", "words"), [("", "choose one of"), ("none", "container none is not valid for pod p")])
def test_a_container_that_is_not_clear_is_refused(name, words):
    with pytest.raises(ApiError, match=words) as caught:
        container_of(TWO, name)
    assert caught.value.code == 400


def test_only_a_running_container_can_be_entered():
    assert running(Worker(runs()), POD, WEB).id == "web-0"
    with pytest.raises(ApiError, match="it is not running"):
        running(Worker(exited()), POD, WEB)


@pytest.mark.parametrize(
    ("containers", "previous", "found"),
    [
        pytest.param((runs(),), False, "web-0", id="it runs"),
        pytest.param((exited(),), False, "web-0", id="it ended"),
        pytest.param((runs(attempt=1), exited()), True, "web-0", id="the one before the one that runs"),
        pytest.param((exited(attempt=1), exited()), True, "web-1", id="held back: the one that ended last"),
        pytest.param((exited(),), True, "web-0", id="held back for the first time"),
    ],
)
def test_whose_log_is_meant(containers, previous, found):
    assert logged(Worker(*containers), POD, WEB, previous=previous).id == found


def test_there_is_no_instance_before_the_first():
    with pytest.raises(ApiError, match='previous terminated container "web" in pod "p" not found'):
        logged(Worker(runs()), POD, WEB, previous=True)


def test_a_container_that_waits_says_for_what():
    worker = Worker(holds={"image/web": Hold("ErrImagePull", "", 0)})
    with pytest.raises(ApiError, match="is waiting to start: ErrImagePull"):
        logged(worker, POD, WEB, previous=False)
    with pytest.raises(ApiError, match="is waiting to start: ContainerCreating"):
        logged(Worker(), POD, WEB, previous=False)
