"""What the kubelet does next for a pod: one base pod, one thing changed, the whole plan."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.kubelet.plan import plan_pod
from pyk8s.kubelet.values import (
    CleanUp,
    EnsureImage,
    Finish,
    Health,
    Hold,
    Kill,
    MakeSandbox,
    MountVolumes,
    PodView,
    RemoveContainer,
    RemoveSandbox,
    RunHook,
    Start,
    StopSandbox,
    UnmountVolumes,
    Wait,
    operation,
)
from tests.kubelet.values import NOON, POD, SANDBOX, exited, init, make_pod, running, view

DEAD = replace(SANDBOX, ready=False)
HOOKED = make_pod({"name": "web", "image": "web:1", "lifecycle": {"postStart": {"exec": {"command": ["x"]}}}})
PROBED = make_pod(
    {"name": "web", "image": "web:1", "livenessProbe": {"exec": {"command": ["x"]}, "terminationGracePeriodSeconds": 3}}
)
SIDE = init("side", restartPolicy="Always", startupProbe={"exec": {"command": ["x"]}})
WITH_SIDE = make_pod(initContainers=[SIDE])
WITH_INIT = make_pod(initContainers=[init("init")])


def sick(kind):
    return {"web-0": Health(started=True, failed=kind)}


CASES = [
    pytest.param(POD, view(running()), (), id="all is well: do nothing"),
    pytest.param(
        POD,
        PodView(),
        (MountVolumes(), MakeSandbox(0), EnsureImage("web")),
        id="new pod: sandbox, volumes and image at the same time",
    ),
    pytest.param(POD, view(), (Start("web", "s0"),), id="all is ready: start"),
    pytest.param(POD, view(images=frozenset()), (EnsureImage("web"),), id="no image yet: get it"),
    pytest.param(POD, view(volumes_ready=False), (MountVolumes(),), id="no volumes yet: nothing starts"),
    pytest.param(
        POD, view(running(), volumes_due=NOON), (MountVolumes(),), id="files in volumes are due: write them again"
    ),
    pytest.param(POD, view(running(), volumes_due=NOON + 5), (Wait(NOON + 5),), id="files are due later: wait"),
    pytest.param(POD, view(busy=frozenset({"container/web"})), (), id="it is being started: wait for it"),
    pytest.param(
        make_pod("web", "other"),
        view(),
        (Start("web", "s0"),),
        id="two containers: the first one first",
    ),
    pytest.param(
        make_pod("web", "other"),
        view(busy=frozenset({"container/web"})),
        (),
        id="the second waits while the first is being started",
    ),
    pytest.param(
        make_pod("web", "other"),
        view(running()),
        (Start("other", "s0"),),
        id="the second starts when the first runs",
    ),
    pytest.param(HOOKED, view(running()), (RunHook("web", "web-0"),), id="just started: run its hook"),
    pytest.param(HOOKED, view(running(), hooked=frozenset({"web-0"})), (), id="its hook has run: do nothing"),
    pytest.param(
        HOOKED,
        view(running(), hook_failed=frozenset({"web-0"})),
        (Kill("web", "web-0", "hook", 30),),
        id="its hook failed: kill it",
    ),
    pytest.param(
        PROBED, view(running(), health=sick("liveness")), (Kill("web", "web-0", "liveness", 3),), id="liveness failed"
    ),
    pytest.param(
        POD, view(running(), health=sick("startup")), (Kill("web", "web-0", "startup", 30),), id="startup failed"
    ),
    pytest.param(
        POD, view(running(spec_hash="old")), (Kill("web", "web-0", "changed", 30),), id="another image is wanted"
    ),
    pytest.param(
        POD, view(running(state="unknown")), (Kill("web", "web-0", "unknown", 30),), id="nobody knows its state"
    ),
    pytest.param(POD, view(exited()), (Start("web", "s0", 1, 1),), id="ended for the first time: start at once"),
    pytest.param(
        POD, view(exited(attempt=1, crashes=1)), (Wait(NOON + 10),), id="ended for the second time: after 10 s"
    ),
    pytest.param(
        POD,
        view(exited(attempt=1, crashes=1, ago=10)),
        (Start("web", "s0", 2, 2),),
        id="ended for the second time, 10 s ago: start",
    ),
    pytest.param(
        POD,
        view(exited(attempt=7, crashes=7, started_at=NOON - 601)),
        (Start("web", "s0", 8, 1),),
        id="ended after a long run: start at once",
    ),
    pytest.param(
        POD, view(running(state="created")), (Start("web", "s0", 1, 1),), id="created and never started: another one"
    ),
    pytest.param(
        POD,
        view(holds={"container/web": Hold("CreateContainerError", "", NOON + 3)}),
        (Wait(NOON + 3),),
        id="starting failed just now: later",
    ),
    pytest.param(
        POD,
        view(images=frozenset(), holds={"image/web": Hold("ErrImagePull", "", NOON + 3)}),
        (Wait(NOON + 3),),
        id="pulling failed just now: later",
    ),
    pytest.param(WITH_INIT, view(), (Start("init", "s0"),), id="init container first"),
    pytest.param(WITH_INIT, view(running("init")), (), id="init container runs: wait"),
    pytest.param(WITH_INIT, view(exited("init")), (Start("web", "s0"),), id="init container is done: go on"),
    pytest.param(
        WITH_INIT, view(exited("init", code=1)), (Start("init", "s0", 1, 1),), id="init container failed: again"
    ),
    pytest.param(
        WITH_INIT, view(running(), exited("init", code=1)), (), id="an initialized pod does not start init containers"
    ),
    pytest.param(WITH_SIDE, view(running("side"), health={}), (), id="a sidecar that has not started up holds all"),
    pytest.param(WITH_SIDE, view(running("side")), (Start("web", "s0"),), id="a sidecar that has: go on beside it"),
    pytest.param(
        WITH_SIDE, view(running(), exited("side")), (Start("side", "s0", 1, 1),), id="a sidecar that ended: again"
    ),
    pytest.param(
        POD,
        view(running(), sandboxes=(DEAD,)),
        (Kill("web", "web-0", "no sandbox", 30),),
        id="the sandbox died: kill what is left in it",
    ),
    pytest.param(
        POD,
        view(exited(code=137), sandboxes=(DEAD,)),
        (MakeSandbox(1),),
        id="the sandbox died and nothing runs: another one",
    ),
    pytest.param(
        POD,
        view(running(attempt=3), exited(attempt=2), exited(attempt=1), exited(attempt=0)),
        (RemoveContainer("web-1", "web", 1), RemoveContainer("web-0", "web", 0)),
        id="old instances: keep the last one",
    ),
    pytest.param(
        POD,
        view(running(), sandboxes=(SANDBOX, replace(DEAD, id="old", attempt=0))),
        (RemoveSandbox("old"),),
        id="old sandbox: remove it",
    ),
]


@pytest.mark.parametrize(("pod", "seen", "actions"), CASES)
def test_plan_pod(pod, seen, actions):
    assert plan_pod(pod, seen, NOON) == actions


GOING = make_pod(metadata={"deletionTimestamp": "2023-11-14T22:13:30Z", "deletionGracePeriodSeconds": 7})
GOING_WITH_SIDE = make_pod(
    initContainers=[init("side", restartPolicy="Always"), init("second", restartPolicy="Always")],
    metadata={"deletionTimestamp": "2023-11-14T22:13:30Z", "deletionGracePeriodSeconds": 30},
)
GONE = {"volumes_ready": False, "volumes_gone": True}

ENDINGS = [
    pytest.param(GOING, view(running()), False, (Kill("web", "web-0", "terminating", 7),), id="stop the containers"),
    pytest.param(GOING, view(busy=frozenset({"container/web"})), False, (), id="one is being started: wait for it"),
    pytest.param(
        GOING,
        view(exited()),
        False,
        (StopSandbox("s0"), UnmountVolumes()),
        id="nothing runs: stop the sandbox, take the volumes away",
    ),
    pytest.param(GOING, view(exited(), sandboxes=(DEAD,), **GONE), False, (Finish(),), id="all is stopped: say so"),
    pytest.param(
        GOING,
        view(exited(), sandboxes=(DEAD,), busy=frozenset({"volumes"}), **GONE),
        False,
        (),
        id="volumes are still being taken away: wait",
    ),
    pytest.param(
        GOING,
        view(exited(), sandboxes=(DEAD,), **GONE),
        True,
        (RemoveSandbox("s0"),),
        id="the API has it no more: remove",
    ),
    pytest.param(GOING, PodView(volumes_gone=True), True, (CleanUp(),), id="nothing is left: clean up"),
    pytest.param(POD, view(running()), True, (Kill("web", "web-0", "terminating", 30),), id="forced away: stop it too"),
    pytest.param(
        None,
        view(running(grace_seconds=5)),
        True,
        (Kill("web", "web-0", "terminating", 5),),
        id="unknown pod: stop it with the grace it was made with",
    ),
    pytest.param(
        GOING_WITH_SIDE,
        view(running(), running("side"), running("second")),
        False,
        (Kill("web", "web-0", "terminating", 30),),
        id="sidecars are stopped after the rest",
    ),
    pytest.param(
        GOING_WITH_SIDE,
        view(exited(), running("side"), running("second")),
        False,
        (Kill("second", "second-0", "terminating", 10),),
        id="the last sidecar first, in the time that is left",
    ),
    pytest.param(
        GOING_WITH_SIDE,
        view(exited(), running("side"), exited("second")),
        False,
        (Kill("side", "side-0", "terminating", 10),),
        id="then the one before",
    ),
    pytest.param(
        make_pod(restartPolicy="Never"),
        view(exited()),
        False,
        (StopSandbox("s0"), UnmountVolumes()),
        id="a pod that has ended: stop its sandbox",
    ),
    pytest.param(
        make_pod(restartPolicy="Never"),
        view(exited(), sandboxes=(DEAD,), **GONE),
        False,
        (),
        id="and keep its containers for their logs",
    ),
    pytest.param(
        make_pod(initContainers=[SIDE], restartPolicy="Never"),
        view(exited(), running("side")),
        False,
        (Kill("side", "side-0", "finished", 30),),
        id="a pod that has ended: stop its sidecars",
    ),
    pytest.param(
        make_pod(activeDeadlineSeconds=10, status={"startTime": "2023-11-14T22:13:05Z"}),
        view(running()),
        False,
        (Kill("web", "web-0", "finished", 30),),
        id="past its deadline: stop it",
    ),
    pytest.param(
        make_pod(activeDeadlineSeconds=30, status={"startTime": "2023-11-14T22:13:05Z"}),
        view(running()),
        False,
        (Wait(NOON + 15),),
        id="before its deadline: look again then",
    ),
    pytest.param(
        make_pod(status={"phase": "Failed"}),
        view(),
        False,
        (StopSandbox("s0"), UnmountVolumes()),
        id="failed stays failed",
    ),
]


@pytest.mark.parametrize(("pod", "seen", "gone", "actions"), ENDINGS)
def test_plan_of_an_ending(pod, seen, gone, actions):
    assert plan_pod(pod, seen, NOON, gone=gone) == actions


pods = st.sampled_from([POD, WITH_INIT, WITH_SIDE, HOOKED, GOING, GOING_WITH_SIDE, make_pod("web", "other")])
containers = st.lists(
    st.builds(
        lambda name, attempt, state, code: replace(running(name, attempt), state=state, exit_code=code),
        st.sampled_from(["web", "other", "init", "side"]),
        st.integers(0, 3),
        st.sampled_from(["created", "running", "exited", "unknown"]),
        st.sampled_from([0, 1]),
    ),
    max_size=6,
    unique_by=lambda one: one.id,
)
sandboxes = st.sampled_from([(), (SANDBOX,), (DEAD,)])
operations = ["sandbox", "volumes", "image/web", "container/web", "container/init", "finish"]
busy = st.frozensets(st.sampled_from(operations))


@given(pods, containers, sandboxes, busy, st.booleans(), st.booleans())
def test_no_operation_is_begun_twice(pod, seen, boxes, under_way, gone, volumes):
    held = sorted(seen, key=lambda one: -one.created_at)
    what = view(*held, sandboxes=boxes, busy=under_way, volumes_ready=volumes)
    actions = plan_pod(pod, what, NOON, gone=gone)
    names = [operation(each) for each in actions]
    assert len(names) == len(set(names))
    assert not set(names) & under_way


@given(pods, containers, st.booleans())
def test_a_pod_that_goes_starts_nothing(pod, seen, gone):
    going = GOING if not gone else pod
    held = sorted(seen, key=lambda one: -one.created_at)
    actions = plan_pod(going, view(*held), NOON, gone=gone)
    assert not any(isinstance(each, Start | MakeSandbox | MountVolumes | EnsureImage) for each in actions)


@given(pods, containers, sandboxes)
def test_nothing_is_finished_while_something_runs(pod, seen, boxes):
    what = view(*seen, sandboxes=boxes, **GONE)
    actions = plan_pod(pod, what, NOON)
    if what.is_running:
        assert not any(isinstance(each, Finish | CleanUp | RemoveSandbox) for each in actions) or boxes == (SANDBOX,)
