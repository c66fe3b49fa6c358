"""Static pods: run from a folder, shown in the API."""

import pytest
import yaml

from pyk8s.api.refs import PODS
from tests.kubelet.agent import is_ready, pod, status_of

pytestmark = pytest.mark.containers


def manifest(script="exec sleep 1000"):
    made = pod("keeper", script)
    del made["spec"]["nodeName"], made["metadata"]["namespace"]
    return yaml.safe_dump(made)


def folder(node):
    path = node.folder / "manifests"
    path.mkdir(exist_ok=True)
    return path


async def test_a_file_is_a_pod_with_a_mirror(node):
    (folder(node) / "keeper.yaml").write_text(manifest())
    found = await node.until("keeper-node-1", is_ready)
    assert found["metadata"]["annotations"]["kubernetes.io/config.source"] == "file"
    assert found["metadata"]["annotations"]["kubernetes.io/config.mirror"]
    assert status_of(found)["ready"]


async def test_a_changed_file_is_another_pod_and_a_removed_one_none(node):
    path = folder(node) / "keeper.yaml"
    path.write_text(manifest())
    first = await node.until("keeper-node-1", is_ready)
    path.write_text(manifest("exec sleep 2000"))
    second = await node.until(
        "keeper-node-1", lambda found: is_ready(found) and found["metadata"]["uid"] != first["metadata"]["uid"]
    )
    assert status_of(second)["containerID"] != status_of(first)["containerID"]
    path.unlink()
    await node.until("keeper-node-1", lambda found: found is None)


async def test_a_deleted_mirror_comes_back_and_nothing_is_restarted(node):
    (folder(node) / "keeper.yaml").write_text(manifest())
    first = await node.until("keeper-node-1", is_ready)
    await node.client.delete(PODS.of("keeper-node-1", "default"))
    second = await node.until(
        "keeper-node-1", lambda found: is_ready(found) and found["metadata"]["uid"] != first["metadata"]["uid"]
    )
    assert status_of(second)["containerID"] == status_of(first)["containerID"]


async def test_a_broken_file_does_not_disturb_the_others(node):
    (folder(node) / "a.yaml").write_text("{ not: [yaml")
    (folder(node) / "b.yaml").write_text("kind: Service")
    (folder(node) / "c.yaml").write_text(manifest())
    await node.until("keeper-node-1", is_ready)


async def test_a_static_pod_survives_the_kubelet(node):
    (folder(node) / "keeper.yaml").write_text(manifest())
    first = await node.until("keeper-node-1", is_ready)
    await node.stop()
    await node.start()
    await node.known("keeper-node-1")
    again = await node.until("keeper-node-1", is_ready)
    assert status_of(again)["containerID"] == status_of(first)["containerID"]
    assert again["metadata"]["uid"] == first["metadata"]["uid"]
