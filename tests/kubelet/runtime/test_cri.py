"""Errors of the way to the runtime, and containerd beside CRI."""

import pytest

from pyk8s.gen.cri.v1 import runtime_pb2 as cri
from pyk8s.kubelet.errors import RuntimeUnavailable, TookTooLong
from pyk8s.kubelet.runtime.convert import addresses, container_view, image_view, sandbox_view
from pyk8s.kubelet.runtime.cri import CriRuntime, open_channel
from tests.kubelet.agent import pod


async def test_a_runtime_that_is_not_there_is_unavailable(tmp_path):
    runtime = CriRuntime(open_channel(str(tmp_path / "none.sock")))
    with pytest.raises(RuntimeUnavailable, match="does not answer"):
        await runtime.version()
    with pytest.raises(RuntimeUnavailable):
        [ended async for ended in runtime.ended()]
    await runtime.close()


def test_a_sandbox_of_somebody_else_can_be_read():
    view = sandbox_view(cri.PodSandbox(id="x", state=cri.SANDBOX_NOTREADY, created_at=1_500_000_000))
    assert (view.ready, view.created_at, view.grace_seconds) == (False, 1.5, 30)


def test_a_container_of_somebody_else_can_be_read():
    view = container_view(cri.ContainerStatus(id="x", state=cri.CONTAINER_UNKNOWN, annotations={"a": "b"}), "s")
    assert (view.state, view.crashes, view.grace_seconds, view.spec_hash) == ("unknown", 0, 30, "")


def test_every_address_counts():
    network = cri.PodSandboxNetworkStatus(ip="10.0.0.1", additional_ips=[cri.PodIP(ip="fd::1")])
    assert addresses(cri.PodSandboxStatus(network=network)) == ("10.0.0.1", "fd::1")
    assert addresses(cri.PodSandboxStatus()) == ()


def test_an_image_that_runs_as_root_says_so():
    assert image_view(cri.Image(id="x", uid=cri.Int64Value(value=0))).uid == 0
    assert image_view(cri.Image(id="x")).uid is None


@pytest.mark.containers
async def test_a_program_that_takes_too_long_is_ended(node):
    await node.ready(pod("web"))
    with pytest.raises(TookTooLong):
        await node.runtime.exec(node.view("web").id, ["sleep", "30"], 1)


@pytest.mark.containers
async def test_the_process_of_a_container_is_known(node):
    await node.ready(pod("web", "sleep", "1000"))
    process = await node.processes.process_spec(node.view("web").id)
    assert process["args"] == ["sleep", "1000"]
    assert (await node.processes.streams(node.view("web").id))[1]
