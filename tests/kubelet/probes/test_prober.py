"""Containers asked on time, in virtual time."""

import pytest

from pyk8s.aio import clock
from pyk8s.aio.supervise import Tasks
from pyk8s.gen.cri.v1 import runtime_pb2 as cri
from pyk8s.kubelet.probes.check import Target
from pyk8s.kubelet.probes.prober import Prober
from pyk8s.kubelet.runtime.fake import FakeRuntime
from pyk8s.kubelet.runtime.interface import ExecResult
from pyk8s.kubelet.values import Health
from tests.kubelet.values import make_pod
from tests.virtual import virtual_time

ASK = {"exec": {"command": ["ask"]}}


class Asked:
    """A running container whose answers come from a list (True, False), the last one for ever; and what was noted."""

    def __init__(self, answers=(True,), **probes):
        self.runtime = FakeRuntime()
        self.runtime.answerer = self._answer
        self.answers = list(answers)
        self.asked = []
        self.noted = []
        self.said = []
        self.probes = probes

    def _answer(self, container, command):
        self.asked.append((round(clock.wall() - self.start, 3), command[0]))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return ExecResult(0 if answer else 1, b"", b"" if answer else b"sick")

    async def __aenter__(self):
        self.failures = []
        self._tasks = await Tasks(self.failures.append).__aenter__()
        self.prober = Prober(self.runtime, self._tasks)
        sandbox = await self.runtime.run_sandbox(cri.PodSandboxConfig())
        config = cri.ContainerConfig(metadata=cri.ContainerMetadata(name="web"))
        self.id = await self.runtime.create_container(sandbox, config, cri.PodSandboxConfig())
        await self.runtime.start_container(self.id)
        self.start = clock.wall()
        container = make_pod({"name": "web", **self.probes}).spec.containers[0]
        target = Target(self.id, "10.0.0.1", container)
        self.prober.watch(target, self.start, self._note, self.said.append)
        return self

    def _note(self):
        self.noted.append((round(clock.wall() - self.start, 3), self.prober.health(self.id)))

    async def __aexit__(self, *_):
        await self._tasks.close()
        assert not self.failures

    async def after(self, seconds):
        """Let time pass, a little more than `seconds` after the start."""
        await clock.sleep(self.start + seconds + 0.001 - clock.wall())


@virtual_time
async def test_without_probes_a_container_is_started_and_ready_at_once():
    async with Asked() as asked:
        assert asked.prober.health(asked.id) == Health(started=True, ready=True)


@virtual_time
async def test_readiness_is_asked_at_once_and_then_every_period():
    async with Asked([True], readinessProbe={**ASK, "periodSeconds": 5}) as asked:
        assert asked.prober.health(asked.id) == Health(started=True, ready=False)
        await asked.after(10)
    assert asked.asked == [(0, "ask"), (5, "ask"), (10, "ask")]
    assert asked.noted == [(0, Health(True, True))]


@virtual_time
async def test_the_first_question_waits_for_the_initial_delay():
    async with Asked([True], readinessProbe={**ASK, "initialDelaySeconds": 7}) as asked:
        await asked.after(8)
    assert asked.asked == [(7, "ask")]


@virtual_time
async def test_a_ready_container_that_fails_three_times_is_ready_no_more():
    async with Asked([True, False, False, False, True], readinessProbe={**ASK, "periodSeconds": 1}) as asked:
        await asked.after(4)
    assert asked.noted == [(0, Health(True, True)), (3, Health(True, False)), (4, Health(True, True))]
    assert asked.said == ["Readiness probe failed: sick"] * 3


@virtual_time
async def test_a_container_that_does_not_live_is_given_up_and_asked_no_more():
    async with Asked([False], livenessProbe={**ASK, "periodSeconds": 2, "failureThreshold": 2}) as asked:
        await asked.after(20)
    assert [at for at, _ in asked.asked] == [0, 2]
    ((at, health),) = asked.noted
    assert (at, health.failed, health.ready) == (2, "liveness", False)


@virtual_time
async def test_nothing_else_is_asked_before_the_startup_probe_succeeds():
    probes = {
        "startupProbe": {"exec": {"command": ["startup"]}, "periodSeconds": 3},
        "readinessProbe": {"exec": {"command": ["ready"]}, "periodSeconds": 10},
    }
    async with Asked([False, False, True], **probes) as asked:
        assert asked.prober.health(asked.id) == Health()
        await asked.after(7)
    assert asked.asked == [(0, "startup"), (3, "startup"), (6, "startup"), (6, "ready")]
    assert asked.noted == [(6, Health(started=True)), (6, Health(True, True))]


@virtual_time
async def test_a_container_that_does_not_start_up_is_given_up():
    async with Asked(
        [False], startupProbe={**ASK, "periodSeconds": 1, "failureThreshold": 4}, livenessProbe=ASK
    ) as asked:
        await asked.after(30)
    assert [at for at, _ in asked.asked] == [0, 1, 2, 3]
    assert asked.noted[0][1].failed == "startup"


@virtual_time
async def test_a_runtime_that_cannot_be_asked_says_nothing_about_the_container():
    async with Asked([True], livenessProbe={**ASK, "periodSeconds": 1, "failureThreshold": 1}) as asked:
        await asked.runtime.remove_container(asked.id)
        await asked.after(5)
    assert asked.noted == []


@virtual_time
async def test_a_forgotten_container_is_asked_no_more():
    async with Asked([True], readinessProbe={**ASK, "periodSeconds": 1}) as asked:
        await asked.after(1)
        asked.prober.forget(asked.id)
        await asked.after(5)
        assert asked.prober.health(asked.id) is None
        assert len(asked.prober) == 0
    assert len(asked.asked) == 2


@virtual_time
async def test_watching_twice_asks_once():
    async with Asked([True], readinessProbe={**ASK, "periodSeconds": 10}) as asked:
        container = make_pod({"name": "web", "readinessProbe": ASK}).spec.containers[0]
        asked.prober.watch(Target(asked.id, "", container), asked.start, asked._note, asked.said.append)
        await asked.after(1)
    assert len(asked.asked) == 1


@pytest.mark.parametrize("probe", [{}, {"httpGet": {"port": "nobody"}}])
def test_a_probe_that_cannot_be_asked_leaves_the_container_alone(probe):
    @virtual_time
    async def run():
        async with Asked([True], livenessProbe={**probe, "periodSeconds": 1, "failureThreshold": 1}) as asked:
            await asked.after(3)
            assert asked.prober.health(asked.id) == Health(True, True)

    run()
