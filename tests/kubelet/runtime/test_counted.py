"""The counts of a stub's calls; the stub is one of ours."""

import grpc
import pytest

from pyk8s.aio import clock
from pyk8s.kubelet.runtime.counted import Counted, operation
from pyk8s.observe.metrics import REGISTRY
from tests.virtual import virtual_time


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("RunPodSandbox", "run_podsandbox"),
        ("PodSandboxStatus", "podsandbox_status"),
        ("ListPodSandbox", "list_podsandbox"),
        ("ExecSync", "exec_sync"),
        ("Version", "version"),
        ("PullImage", "pull_image"),
        ("ReopenContainerLog", "reopen_container_log"),
    ],
)
def test_operations_are_named_as_kubernetes_names_them(method, name):
    assert operation(method) == name


class Stub:
    """Answers what it was asked, after two seconds."""

    async def StartContainer(self, request, *, timeout):
        await clock.sleep(2)
        return (request, timeout)

    async def StopContainer(self, request, *, timeout):
        raise grpc.aio.AioRpcError(grpc.StatusCode.NOT_FOUND, grpc.aio.Metadata(), grpc.aio.Metadata())

    def GetContainerEvents(self, request):
        return "a stream"


def told(name, suffix, operation):
    key = f"kubelet_runtime_operations_{name}{suffix}"
    return REGISTRY.get_sample_value(key, {"operation_type": operation}) or 0.0


@virtual_time
async def test_calls_are_counted_and_timed():
    stub = Counted(Stub())
    count, seconds = told("", "total", "start_container"), told("duration_seconds", "_sum", "start_container")
    assert await stub.StartContainer("this", timeout=7) == ("this", 7)
    assert told("", "total", "start_container") == count + 1
    assert told("duration_seconds", "_sum", "start_container") == pytest.approx(seconds + 2)
    assert not told("errors", "_total", "start_container")


async def test_a_call_that_fails_is_counted_as_an_error_and_fails():
    errors = told("errors", "_total", "stop_container")
    with pytest.raises(grpc.aio.AioRpcError):
        await Counted(Stub()).StopContainer("this", timeout=7)
    assert told("errors", "_total", "stop_container") == errors + 1


def test_streams_are_left_alone():
    assert Counted(Stub()).GetContainerEvents("this") == "a stream"
