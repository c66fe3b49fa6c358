"""Pods come to life, end, and go, on real containers."""

import asyncio

import pytest

from pyk8s.aio import clock
from pyk8s.api.refs import PODS
from pyk8s.client.interface import PatchType
from tests.kubelet import rig
from tests.kubelet.agent import container, is_ready, phase, pod, status_of, waits_for

pytestmark = pytest.mark.containers


async def test_a_pod_becomes_ready_with_an_address(node):
    found = await node.ready(pod("web"))
    assert found["status"]["phase"] == "Running"
    assert found["status"]["podIP"].startswith("10.77.0.")
    assert found["status"]["hostIP"] == "10.77.0.1"
    assert status_of(found)["containerID"].startswith("containerd://")
    assert [each["reason"] for each in await node.events("web")].count("Started") == 1


async def test_a_deleted_pod_leaves_nothing_behind(node):
    await node.ready(pod("web"))
    uid = node.worker("web").uid
    await node.delete("web")
    assert await node.runtime.sandboxes(uid) == []
    assert await node.runtime.containers(uid) == []
    assert uid not in node.kubelet.host.mounter.pods()
    assert list((node.folder / "logs").iterdir()) == []
    assert not any(uid in path for path in node.kubelet.host.groups.observe(node.config.cgroup_parent))


async def test_a_pod_that_is_forced_away_is_stopped_all_the_same(node):
    await node.ready(pod("web"))
    uid = node.worker("web").uid
    await node.client.delete(PODS.of("web", "default"), grace_seconds=0)
    await node.forgotten(uid)
    assert await node.runtime.containers(uid) == []


@pytest.mark.parametrize(
    ("script", "wanted", "reason", "code"), [("exit 0", "Succeeded", "Completed", 0), ("exit 3", "Failed", "Error", 3)]
)
async def test_a_pod_that_is_never_restarted_ends_as_its_container_does(node, script, wanted, reason, code):
    found = await node.done(pod("job", script, restartPolicy="Never"), wanted)
    ended = status_of(found)["state"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == (reason, code)
    assert not is_ready(found)


async def test_a_container_that_ends_is_started_again_at_once_and_then_held_back(node):
    await node.create(pod("crash", "echo last words > /dev/termination-log; exit 7"))
    found = await node.until("crash", waits_for("CrashLoopBackOff"))
    status = status_of(found)
    assert status["restartCount"] == 1
    assert status["lastState"]["terminated"]["exitCode"] == 7
    assert status["lastState"]["terminated"]["message"] == "last words\n"
    assert status["state"]["waiting"]["message"].startswith("back-off 10s restarting failed container=main")
    assert found["status"]["phase"] == "Running"


async def test_on_failure_restarts_failures_only(node):
    script = "test -e /data/once && exit 0; touch /data/once; exit 1"
    mounts = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    made = pod("retry", script, container=mounts, restartPolicy="OnFailure", volumes=[{"name": "data", "emptyDir": {}}])
    found = await node.done(made)
    assert status_of(found)["restartCount"] == 1


async def test_init_containers_run_one_after_the_other_before_the_rest(node):
    mounts = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    inits = [container(f"init-{i}", f"echo {i} >> /data/order", **mounts) for i in range(3)]
    made = pod("web", container=mounts, initContainers=inits, volumes=[{"name": "data", "emptyDir": {}}])
    found = await node.ready(made)
    assert await node.sh("web", "cat /data/order") == "0\n1\n2\n"
    assert [each["state"]["terminated"]["reason"] for each in found["status"]["initContainerStatuses"]] == [
        "Completed"
    ] * 3


async def test_an_init_container_that_fails_keeps_the_pod_pending(node):
    await node.create(pod("web", initContainers=[container("init", "exit 1")]))
    found = await node.until("web", waits_for("CrashLoopBackOff", "init"))
    assert found["status"]["phase"] == "Pending"
    assert status_of(found)["state"]["waiting"]["reason"] == "PodInitializing"


async def test_a_failed_init_container_ends_a_pod_that_is_never_restarted(node):
    await node.done(pod("web", initContainers=[container("init", "exit 1")], restartPolicy="Never"), "Failed")


async def test_a_sidecar_runs_before_and_beside_the_rest_and_ends_after_it(node):
    side = container("side", restartPolicy="Always")
    made = pod("job", "exit 0", initContainers=[side], restartPolicy="Never")
    found = await node.done(made)
    ended = status_of(found, "side")["state"].get("terminated") or (
        await node.until("job", lambda found: "terminated" in status_of(found, "side")["state"])
    )
    assert ended


async def test_a_sidecar_that_dies_is_started_again(node):
    side = container("side", "test -e /data/once && exec sleep 1000; touch /data/once; exit 1", restartPolicy="Always")
    side["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    made = pod("web", initContainers=[side], volumes=[{"name": "data", "emptyDir": {}}])
    await node.create(made)
    found = await node.until("web", lambda found: is_ready(found) and status_of(found, "side")["restartCount"] == 1)
    assert "running" in status_of(found, "side")["state"]


async def test_a_container_killed_for_its_memory_says_so(node):
    limits = {"resources": {"limits": {"memory": "16Mi"}}}
    script = "head -c 100000000 /dev/zero | tail -c 90000000 | sleep 5"
    found = await node.done(
        pod("hungry", f"exec {script.split('|')[1].strip()} < /dev/zero", container=limits, restartPolicy="Never"),
        "Failed",
    )
    ended = status_of(found)["state"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)


async def test_a_container_killed_from_outside_is_started_again(node):
    await node.ready(pod("web"))
    first = node.view("web").id
    await node.runtime.stop_container(first, 0)
    found = await node.until("web", lambda found: is_ready(found) and status_of(found)["restartCount"] == 1)
    assert status_of(found)["lastState"]["terminated"]["exitCode"] == 137
    assert first in status_of(found)["lastState"]["terminated"]["containerID"]


async def test_a_sandbox_that_dies_is_replaced_and_its_containers_with_it(node):
    await node.ready(pod("web"))
    sandbox = node.worker("web").view().sandbox
    await node.runtime.stop_sandbox(sandbox.id)
    await node.until("web", lambda found: is_ready(found) and status_of(found)["restartCount"] == 1)
    assert node.worker("web").view().sandbox.attempt == 1


async def test_a_program_that_is_not_in_the_image_counts_as_a_crash(node):
    found = await node.done(pod("web", "/no/such/program", "x", restartPolicy="Never"), "Failed")
    ended = status_of(found)["state"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("StartError", 128)


async def test_hooks_run_after_the_start_and_before_the_stop(node):
    hooks = {
        "postStart": {"exec": {"command": ["sh", "-c", "echo started >> /data/hooks"]}},
        "preStop": {"exec": {"command": ["sh", "-c", "echo stopping >> /data/hooks"]}},
    }
    data = node.folder / "data"
    mounts = {"lifecycle": hooks, "volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    volume = {"name": "data", "hostPath": {"path": str(data), "type": "DirectoryOrCreate"}}
    made = pod("web", container=mounts, volumes=[volume], terminationGracePeriodSeconds=5)
    await node.ready(made)
    async with asyncio.timeout(30):
        while "started" not in ((data / "hooks").read_text() if (data / "hooks").exists() else ""):
            await clock.sleep(0.01)
    await node.delete("web", grace=10)
    assert (data / "hooks").read_text() == "started\nstopping\n"


async def test_a_failing_post_start_hook_kills_the_container(node):
    hook = {"lifecycle": {"postStart": {"exec": {"command": ["false"]}}}}
    await node.create(pod("web", container=hook))
    await node.until("web", waits_for("CrashLoopBackOff"))
    assert "FailedPostStartHook" in [each["reason"] for each in await node.events("web")]


async def test_a_container_gets_its_time_to_stop(node):
    script = "trap 'sleep 0.3; echo bye > /data/bye; exit 0' TERM; while :; do sleep 0.05; done"
    data = node.folder / "data"
    mounts = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    volume = {"name": "data", "hostPath": {"path": str(data), "type": "DirectoryOrCreate"}}
    await node.ready(pod("web", script, container=mounts, volumes=[volume], terminationGracePeriodSeconds=20))
    began = clock.monotonic()
    await node.delete("web")
    assert (data / "bye").read_text() == "bye\n"
    assert clock.monotonic() - began < 10


async def test_a_shorter_grace_hurries_a_pod_that_is_stopping(node):
    await node.ready(pod("web", "trap '' TERM; while :; do sleep 1; done", terminationGracePeriodSeconds=600))
    await node.client.delete(PODS.of("web", "default"))
    await node.until("web", lambda found: found and found["metadata"].get("deletionTimestamp"))
    await node.client.delete(PODS.of("web", "default"), grace_seconds=1)
    await node.until("web", lambda found: found is None, seconds=15)


async def test_a_pod_past_its_deadline_fails(node):
    found = await node.done(pod("late", activeDeadlineSeconds=1), "Failed")
    assert found["status"]["reason"] == "DeadlineExceeded"


async def test_a_new_image_replaces_the_container(node):
    await node.ready(pod("web"))
    first = node.view("web").id
    patch = b'[{"op": "replace", "path": "/spec/containers/0/image", "value": "%s"}]' % rig.ROOTLESS_IMAGE.encode()
    await node.client.patch(PODS.of("web", "default"), patch, PatchType.JSON)
    found = await node.until("web", lambda found: is_ready(found) and status_of(found)["restartCount"] == 1)
    assert status_of(found)["image"] == rig.ROOTLESS_IMAGE
    assert node.view("web").id != first


async def test_many_pods_at_once_all_become_ready(node):
    await asyncio.gather(*(node.ready(pod(f"web-{i}")) for i in range(10)))
    ips = {(await node.get(f"web-{i}"))["status"]["podIP"] for i in range(10)}
    assert len(ips) == 10


async def test_a_pod_whose_container_ends_well_is_not_running_any_more(node):
    found = await node.done(pod("job", "exit 0", restartPolicy="OnFailure"))
    assert phase("Succeeded")(found)
    sandboxes = await _stopped(node, "job")
    assert [each.ready for each in sandboxes] == [False]


async def _stopped(node, name):
    uid = node.worker(name).uid
    async with asyncio.timeout(30):
        while any(each.ready for each in await node.runtime.sandboxes(uid)):
            await clock.sleep(0.02)
    return await node.runtime.sandboxes(uid)
