"""What every container runtime must keep: one suite for the one in memory and for a real containerd."""

import asyncio

import pytest

from pyk8s.gen.cri.v1 import runtime_pb2 as cri
from pyk8s.kubelet.errors import Missing, Refused
from pyk8s.kubelet.pod import names
from pyk8s.kubelet.pod.container import Prepared, container_config
from pyk8s.kubelet.pod.sandbox import sandbox_config
from pyk8s.kubelet.runtime.cri import CriRuntime, open_channel
from pyk8s.kubelet.runtime.fake import FakeRuntime
from pyk8s.kubelet.runtime.interface import ExecResult, ImageView
from pyk8s.kubelet.values import Start
from tests.kubelet import rig
from tests.kubelet.values import make_pod


class Fake:
    """The runtime in memory, and containers that end as their command says."""

    def __init__(self):
        self.runtime = FakeRuntime()
        self.runtime.present[rig.IMAGE] = ImageView("sha256:busybox", (rig.IMAGE,), size=1)
        self.runtime.program = lambda config: (
            int(config.args[1].split()[1]) if config.args[1].startswith("exit") else None
        )
        self.runtime.answerer = lambda name, command: ExecResult(int(command[2].split()[1]), b"out\n")
        self.folder = "/tmp/none"


def _code(script):
    return int(script.split()[1]) if script.startswith("exit") else None


class Real:
    """A real containerd."""

    def __init__(self, running, folder):
        self.runtime = CriRuntime(open_channel(running.endpoint))
        self.folder = str(folder)


@pytest.fixture(params=["fake", pytest.param("containerd", marks=pytest.mark.containers)])
async def case(request, tmp_path):
    if request.param == "fake":
        yield Fake()
        return
    running = request.getfixturevalue("inside")
    made = Real(running, tmp_path)
    yield made
    for each in await made.runtime.sandboxes():
        await made.runtime.stop_sandbox(each.id)
        await made.runtime.remove_sandbox(each.id)
    await made.runtime.close()


def pod(uid="uid-1"):
    container = {"name": "web", "image": rig.IMAGE, "command": ["sh"]}
    return make_pod(container, metadata={"uid": uid, "name": "p"}, terminationGracePeriodSeconds=7)


def box(case, made, attempt=0):
    dns = cri.DNSConfig(servers=["1.1.1.1"])
    folder = case.folder
    return sandbox_config(made, attempt=attempt, root=folder, logs=f"{folder}/logs", hostname="h", dns=dns, cgroup="")


async def sandbox(case, made=None):
    return await case.runtime.run_sandbox(box(case, made or pod()))


async def container(case, where, script="sleep 1000", attempt=0, made=None):
    made = made or pod()
    image = await case.runtime.image(rig.IMAGE)
    prepared = Prepared(image.id, (), "/etc/hosts", "/dev/null", cri.LinuxContainerResources())
    start = Start("web", where, attempt, attempt)
    config = container_config(made, made.spec.containers[0], start, {}, prepared, case.folder)
    config.args.extend(["-c", script])
    return await case.runtime.create_container(where, config, box(case, made))


async def test_a_sandbox_is_found_by_its_pod_with_an_address(case):
    made = await sandbox(case)
    await sandbox(case, pod("uid-2"))
    (listed,) = await case.runtime.sandboxes("uid-1")
    view = await case.runtime.sandbox(made)
    assert (listed.id, view.uid, view.name, view.ready, view.grace_seconds) == (made, "uid-1", "p", True, 7)
    assert len(view.ips) == 1
    assert (await case.runtime.network_namespace(made)).startswith(("/run/netns/", "/var/run/netns/"))
    assert len(await case.runtime.sandboxes()) == 2


async def test_stopping_and_removing_a_sandbox_twice_is_like_once(case):
    made = await sandbox(case)
    for _ in range(2):
        await case.runtime.stop_sandbox(made)
        assert not (await case.runtime.sandbox(made)).ready
    for _ in range(2):
        await case.runtime.remove_sandbox(made)
    with pytest.raises(Missing):
        await case.runtime.sandbox(made)


async def test_the_walk_of_a_container(case):
    made = await container(case, await sandbox(case))
    view = await case.runtime.container(made)
    assert (view.state, view.name, view.uid, view.attempt) == ("created", "web", "uid-1", 0)
    await case.runtime.start_container(made)
    assert (await case.runtime.container(made)).state == "running"
    await case.runtime.stop_container(made, 0)
    view = await case.runtime.container(made)
    assert (view.state, view.exit_code) == ("exited", 137)
    assert view.finished_at >= view.started_at >= view.created_at > 0
    await case.runtime.remove_container(made)
    with pytest.raises(Missing):
        await case.runtime.container(made)


async def test_a_container_remembers_what_the_kubelet_wrote_on_it(case):
    view = await case.runtime.container(await container(case, await sandbox(case), attempt=3))
    assert (view.attempt, view.crashes, view.grace_seconds, view.image) == (3, 3, 7, rig.IMAGE)
    assert view.spec_hash
    assert view.log_path.endswith(f"/logs/default_p_uid-1/{names.log_path('web', 3)}")


async def test_the_newest_container_comes_first(case):
    where = await sandbox(case)
    made = [await container(case, where, attempt=attempt) for attempt in range(3)]
    found = [one.id for one in await case.runtime.containers("uid-1")]
    assert sorted(found) == sorted(made)
    assert {each.id for each in await case.runtime.summaries()} == set(made)
    assert await case.runtime.containers("nobody") == []


@pytest.mark.parametrize(("code", "reason"), [(0, "Completed"), (3, "Error")])
async def test_an_end_is_told_at_once(case, code, reason):
    made = await container(case, await sandbox(case), f"exit {code}")
    async with asyncio.timeout(30):
        ended = case.runtime.ended()
        assert await anext(ended) == ""
        start = asyncio.create_task(case.runtime.start_container(made))
        assert await anext(ended) == made
        await start
        while (view := await case.runtime.container(made)).state != "exited":
            pass
        await ended.aclose()
    assert (view.exit_code, view.reason) == (code, reason)


async def test_a_stopped_sandbox_takes_its_containers_with_it(case):
    where = await sandbox(case)
    made = await container(case, where)
    await case.runtime.start_container(made)
    await case.runtime.stop_sandbox(where)
    assert (await case.runtime.container(made)).state == "exited"
    await case.runtime.remove_sandbox(where)
    assert await case.runtime.containers("uid-1") == []


async def test_nothing_is_created_in_a_sandbox_that_is_stopped(case):
    where = await sandbox(case)
    await case.runtime.stop_sandbox(where)
    with pytest.raises((Refused, Missing)):
        await container(case, where)


async def test_what_is_unknown_is_missing_or_gone_already(case):
    with pytest.raises(Missing):
        await case.runtime.container("nobody")
    with pytest.raises(Missing):
        await case.runtime.start_container("nobody")
    await case.runtime.stop_container("nobody", 0)
    await case.runtime.remove_container("nobody")
    await case.runtime.stop_sandbox("nobody")
    await case.runtime.remove_sandbox("nobody")


@pytest.mark.parametrize("code", [0, 5])
async def test_a_program_inside_a_container_tells_its_end(case, code):
    made = await container(case, await sandbox(case))
    await case.runtime.start_container(made)
    done = await case.runtime.exec(made, ["sh", "-c", f"exit {code}"], 10)
    assert done.exit_code == code


async def test_images_are_found_by_name_and_by_id(case):
    found = await case.runtime.image(rig.IMAGE)
    assert found is not None
    assert (await case.runtime.image(found.id)).id == found.id
    assert await case.runtime.image("test.local/none:1") is None
    assert rig.IMAGE in [tag for each in await case.runtime.images() for tag in each.tags]


async def test_an_image_that_cannot_be_had_is_refused(case):
    with pytest.raises(Refused):
        await case.runtime.pull("127.0.0.1:1/none:1", None, None)


async def test_it_says_what_it_is_and_how(case):
    version = await case.runtime.version()
    assert version.name in ("fake", "containerd")
    conditions = await case.runtime.conditions()
    assert conditions["RuntimeReady"].ok
    assert conditions["NetworkReady"].ok
