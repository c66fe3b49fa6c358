"""The kubelet ends and comes back, the runtime goes away and comes back: containers do not notice."""

import asyncio

import orjson
import pytest

from pyk8s.aio import clock
from pyk8s.api.refs import CONFIG_MAPS, PODS
from tests.kubelet.agent import container, is_ready, phase, pod, status_of, waits_for

pytestmark = pytest.mark.containers


async def test_a_restarted_kubelet_leaves_containers_alone(node):
    probe = {
        "readinessProbe": {"exec": {"command": ["true"]}},
        "lifecycle": {"postStart": {"exec": {"command": ["sh", "-c", "echo x >> /tmp/hook"]}}},
    }
    before = await node.ready(pod("web", container=probe, more=[container("other")]))
    await node.until("web", lambda found: len(node.worker("web").memory.hooked) >= 1)
    await node.stop()
    await node.start()
    await node.known("web")
    patch = b'{"metadata": {"labels": {"seen": "again"}}}'
    await node.client.patch(PODS.of("web", "default"), patch)
    after = await node.until("web", is_ready)
    for name in ("main", "other"):
        assert status_of(after, name)["containerID"] == status_of(before, name)["containerID"]
        assert status_of(after, name)["restartCount"] == 0
    assert after["status"]["podIP"] == before["status"]["podIP"]
    assert await node.sh("web", "cat /tmp/hook") == "x\n"


async def test_what_ended_while_no_kubelet_was_there_is_seen_after(node):
    await node.ready(pod("job", "sleep 0.5; exit 4", restartPolicy="Never"))
    container_id = node.view("job").id
    await node.stop()
    async with asyncio.timeout(30):
        while (await node.runtime.container(container_id)).state == "running":
            await clock.sleep(0.02)
    await node.start()
    found = await node.until("job", phase("Failed"))
    assert status_of(found)["state"]["terminated"]["exitCode"] == 4


async def test_a_pod_deleted_while_no_kubelet_was_there_is_removed_after(node):
    await node.ready(pod("web"))
    uid = node.worker("web").uid
    await node.stop()
    await node.client.delete(PODS.of("web", "default"), grace_seconds=0)
    await node.start()
    async with asyncio.timeout(30):
        while await node.runtime.sandboxes(uid) or uid in node.kubelet.host.mounter.pods():
            await clock.sleep(0.02)


async def test_the_back_off_survives_the_kubelet(node):
    await node.create(pod("crash", "exit 1"))
    await node.until("crash", waits_for("CrashLoopBackOff"))
    await node.stop()
    await node.start()
    await node.known("crash")
    found = await node.until("crash", waits_for("CrashLoopBackOff"))
    assert status_of(found)["restartCount"] == 1


async def test_files_in_volumes_follow_their_objects_after_a_restart(node):
    made = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c", "namespace": "default"},
        "data": {"a": "1"},
    }
    await node.client.create(CONFIG_MAPS.within("default"), orjson.dumps(made))
    mounts = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    await node.ready(pod("web", container=mounts, volumes=[{"name": "data", "configMap": {"name": "c"}}]))
    await node.stop()
    await node.client.patch(CONFIG_MAPS.of("c", "default"), b'{"data": {"a": "2"}}')
    await node.start()
    await node.known("web")
    async with asyncio.timeout(30):
        while await node.sh("web", "cat /data/a") != "2":
            await clock.sleep(0.05)
