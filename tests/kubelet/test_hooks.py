"""Lifecycle hooks."""

import pytest

from pyk8s.aio import clock
from pyk8s.gen.cri.v1 import runtime_pb2 as cri
from pyk8s.kubelet.hooks import HookFailed, run_hook
from pyk8s.kubelet.probes.check import Target
from pyk8s.kubelet.runtime.fake import FakeRuntime
from pyk8s.kubelet.runtime.interface import ExecResult
from tests.kubelet.values import make_pod
from tests.virtual import virtual_time


async def case(code=0, **hook):
    runtime = FakeRuntime()
    runtime.answerer = lambda name, command: ExecResult(code, b"said")
    sandbox = await runtime.run_sandbox(cri.PodSandboxConfig())
    made = await runtime.create_container(
        sandbox, cri.ContainerConfig(metadata=cri.ContainerMetadata(name="web")), cri.PodSandboxConfig()
    )
    await runtime.start_container(made)
    container = make_pod({"name": "web", "lifecycle": {"preStop": hook}}).spec.containers[0]
    return runtime, container.lifecycle.pre_stop, Target(made, "127.0.0.1", container)


@virtual_time
async def test_a_program_that_ends_well_is_a_hook_that_does():
    runtime, hook, target = await case(exec={"command": ["x"]})
    await run_hook(runtime, hook, target, 5)
    assert runtime.calls[-1] == "exec web x"


@pytest.mark.parametrize("code", [1, 2])
def test_a_program_that_fails_is_a_failed_hook(code):
    @virtual_time
    async def run():
        runtime, hook, target = await case(code, exec={"command": ["x"]})
        with pytest.raises(HookFailed, match="said"):
            await run_hook(runtime, hook, target, 5)

    run()


@virtual_time
async def test_a_sleep_sleeps_no_longer_than_there_is_time():
    runtime, hook, target = await case(sleep={"seconds": 7})
    for timeout, slept in ((60, 7), (3, 3)):
        began = clock.monotonic()
        await run_hook(runtime, hook, target, timeout)
        assert clock.monotonic() - began == slept


@virtual_time
async def test_a_container_that_is_gone_cannot_run_its_hook():
    runtime, hook, target = await case(exec={"command": ["x"]})
    await runtime.remove_container(target.container_id)
    with pytest.raises(HookFailed):
        await run_hook(runtime, hook, target, 5)


async def test_nobody_at_a_port_is_a_failed_hook():
    for kind in ("tcpSocket", "httpGet"):
        runtime, hook, target = await case(**{kind: {"port": 1}})
        with pytest.raises(HookFailed, match="connection refused"):
            await run_hook(runtime, hook, target, 5)
