"""What a kubelet tells those who watch it."""

import asyncio

import pytest

from pyk8s.kubelet.health import count, health
from pyk8s.observe.metrics import REGISTRY
from tests.kubelet.test_worker import Case, pod
from tests.kubelet.virtual import virtual_time


def told(name, **labels):
    return REGISTRY.get_sample_value(name, labels)


@virtual_time
async def test_pods_and_containers_that_run_are_counted():
    async with Case() as case:
        count(case.kubelet.pods)
        assert (told("kubelet_running_pods"), case.kubelet.informed.is_set()) == (0, True)
        await case.create(pod("a", containers=[{"name": name, "image": "web:1"} for name in ("one", "two")]))
        await case.create(pod("b"))
        assert told("kubelet_running_pods") == 2
        assert told("kubelet_running_containers", container_state="running") == 3
        await case.delete("a", grace_seconds=0)
        assert told("kubelet_running_pods") == 1


@virtual_time
async def test_the_start_of_a_pod_is_timed_once_and_not_when_another_kubelet_started_it():
    async with Case() as case:
        starts = told("kubelet_pod_start_duration_seconds_count")
        seconds = told("kubelet_pod_start_duration_seconds_sum")
        case.runtime.refusals["run_sandbox"] = "no network"
        await case.create(pod())
        await case.settle(3)
        del case.runtime.refusals["run_sandbox"]
        await case.settle(60)
        assert told("kubelet_pod_start_duration_seconds_count") == starts + 1
        assert told("kubelet_pod_start_duration_seconds_sum") - seconds > 3
        await case.stop()
        await case.start()
        await case.settle(60)
        assert told("kubelet_pod_start_duration_seconds_count") == starts + 1


@pytest.mark.parametrize(
    ("registered", "informed", "wrong"),
    [
        (True, True, ""),
        (False, True, "the node is not registered yet"),
        (True, False, "the pods of this node are not known yet"),
    ],
)
def test_it_is_ready_once_it_is_registered_and_knows_its_pods(registered, informed, wrong):
    events = asyncio.Event(), asyncio.Event()
    for event, happened in zip(events, (registered, informed), strict=True):
        if happened:
            event.set()
    made = health(events[0], informed=events[1])
    assert made.report("live")[0]
    well, text = made.report("ready")
    assert well is not bool(wrong)
    assert wrong in text
