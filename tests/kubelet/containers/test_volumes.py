"""Volumes as containers see them."""

import asyncio
import os
import socket

import orjson
import pytest

from pyk8s.aio import clock
from pyk8s.api.refs import CONFIG_MAPS, PODS, SECRETS, SERVICE_ACCOUNTS
from pyk8s.kernel.mount import run as mount_table
from tests.kubelet.agent import container, pod, waits_for

pytestmark = pytest.mark.containers


def with_volume(source, path="/data", **mount):
    """Container fields and pod fields for one volume."""
    return (
        {"volumeMounts": [{"name": "data", "mountPath": path, **mount}]},
        {"volumes": [{"name": "data", **source}]},
    )


async def config_map(node, name, data):
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}
    await node.client.create(CONFIG_MAPS.within("default"), orjson.dumps(made))


async def secret(node, name, data):
    made = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "default"}, "data": data}
    await node.client.create(SECRETS.within("default"), orjson.dumps(made))


async def eventually(look, wanted, seconds=15):
    """Look until `wanted` is seen."""
    async with asyncio.timeout(seconds):
        while (seen := await look()) != wanted:
            await clock.sleep(0.05)
    return seen


async def test_containers_of_a_pod_share_an_empty_folder(node):
    fields, spec = with_volume({"emptyDir": {}})
    made = pod("web", container=fields, more=[container("other", "echo hello > /data/x; sleep 1000", **fields)], **spec)
    await node.ready(made)
    await eventually(lambda: node.sh("web", "cat /data/x 2>/dev/null || true"), "hello\n")
    assert (await node.sh("web", "stat -c %a /data")).strip() == "777"


async def test_an_empty_folder_in_memory_is_bounded(node):
    fields, spec = with_volume({"emptyDir": {"medium": "Memory", "sizeLimit": "4Mi"}})
    await node.ready(pod("web", container=fields, **spec))
    assert "tmpfs" in await node.sh("web", "grep ' /data ' /proc/mounts")
    said = await node.sh("web", "head -c 8000000 /dev/zero > /data/x || echo full; stat -c %s /data/x")
    assert said == f"full\n{4 * 1024 * 1024}\n"


async def test_an_empty_folder_belongs_to_the_pods_group(node):
    fields, spec = with_volume({"emptyDir": {}})
    context = {"fsGroup": 1234, "runAsUser": 1000, "runAsGroup": 1000}
    await node.ready(pod("web", container=fields, securityContext=context, **spec))
    assert await node.sh("web", "touch /data/x; stat -c '%u %g' /data/x; id -G") == "1000 1234\n1000 1234\n"


async def test_a_folder_of_the_node_is_seen_both_ways(node):
    (node.folder / "shared").mkdir()
    fields, spec = with_volume({"hostPath": {"path": str(node.folder / "shared"), "type": "Directory"}})
    await node.ready(pod("web", container=fields, **spec))
    (node.folder / "shared" / "in").write_text("in")
    await node.sh("web", "cat /data/in > /data/out")
    assert (node.folder / "shared" / "out").read_text() == "in"


def _socket(path):
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(path))
    made.close()


def _nothing(path):
    pass


@pytest.mark.parametrize(
    ("kind", "prepare", "works"),
    [
        pytest.param("Directory", _nothing, False, id="a folder that is not there"),
        pytest.param("Directory", lambda path: path.mkdir(), True, id="a folder"),
        pytest.param("DirectoryOrCreate", _nothing, True, id="a folder is made"),
        pytest.param("File", lambda path: path.mkdir(), False, id="a folder is no file"),
        pytest.param("File", lambda path: path.touch(), True, id="a file"),
        pytest.param("FileOrCreate", _nothing, True, id="a file is made"),
        pytest.param("Socket", _socket, True, id="a socket"),
        pytest.param("Socket", lambda path: path.touch(), False, id="a file is no socket"),
        pytest.param("CharDevice", lambda path: os.mknod(path, 0o20600, os.makedev(1, 3)), True, id="a device"),
        pytest.param("CharDevice", lambda path: path.touch(), False, id="a file is no device"),
        pytest.param("BlockDevice", lambda path: path.touch(), False, id="a file is no block device"),
    ],
)
async def test_a_path_of_the_node_must_be_what_it_is_said_to_be(node, kind, prepare, works):
    prepare(node.folder / "thing")
    fields, spec = with_volume({"hostPath": {"path": str(node.folder / "thing"), "type": kind}})
    if works:
        await node.ready(pod("web", container=fields, **spec))
    else:
        await node.create(pod("web", container=fields, **spec))
        reasons = await eventually(lambda: _failed_mounts(node), True)
        assert reasons


async def _failed_mounts(node):
    return any(
        each["reason"] == "FailedMount" and "hostPath type check failed" in each["message"]
        for each in await node.events("web")
    )


async def test_config_map_keys_are_files(node):
    await config_map(node, "settings", {"a": "1", "b": "2"})
    items = [{"key": "a", "path": "deep/er", "mode": 0o400}]
    first, _ = with_volume({})
    volumes = [
        {"name": "data", "configMap": {"name": "settings"}},
        {"name": "some", "configMap": {"name": "settings", "items": items}},
    ]
    first["volumeMounts"].append({"name": "some", "mountPath": "/some"})
    await node.ready(pod("web", container=first, volumes=volumes))
    assert await node.sh("web", "cat /data/a /data/b; ls /some; cat /some/deep/er") == "12deep\n1"
    assert await node.sh("web", "stat -L -c %a /data/a /some/deep/er") == "644\n400\n"
    assert "Read-only" in await node.sh("web", "touch /data/new 2>&1 || true")


async def test_a_changed_config_map_shows_in_the_volume_all_at_once(node):
    await config_map(node, "settings", {"a": "old", "b": "old"})
    fields, spec = with_volume({"configMap": {"name": "settings"}})
    await node.ready(pod("web", container=fields, **spec))
    patch = orjson.dumps({"data": {"a": "new", "b": None, "c": "new"}})
    await node.client.patch(CONFIG_MAPS.of("settings", "default"), patch)
    assert await eventually(lambda: node.sh("web", "cat /data/*; ls /data | tr '\\n' ' '"), "newnewa c ")


async def test_a_pod_waits_for_the_config_map_it_needs(node):
    fields, spec = with_volume({"configMap": {"name": "late"}})
    await node.create(pod("web", container=fields, **spec))
    await eventually(lambda: _says(node, "web", 'configmap "late" not found'), True)
    await config_map(node, "late", {"a": "1"})
    await node.until("web", lambda found: found["status"]["phase"] == "Running")
    assert await node.sh("web", "cat /data/a") == "1"


async def _says(node, name, text):
    return any(text in each["message"] for each in await node.events(name))


async def test_an_optional_config_map_may_be_missing(node):
    fields, spec = with_volume({"configMap": {"name": "none", "optional": True}})
    await node.ready(pod("web", container=fields, **spec))
    assert await node.sh("web", "ls /data") == ""


async def test_secrets_are_files_in_memory(node):
    await secret(node, "keys", {"password": "c2VjcmV0"})
    fields, spec = with_volume({"secret": {"secretName": "keys", "defaultMode": 0o400}})
    await node.ready(pod("web", container=fields, **spec))
    assert await node.sh("web", "cat /data/password; stat -L -c ' %a' /data/password") == "secret 400\n"
    assert "tmpfs" in await node.sh("web", "grep ' /data ' /proc/mounts")


async def test_the_downward_api_as_files_follows_the_labels(node):
    items = [
        {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
        {"path": "cpu", "resourceFieldRef": {"containerName": "main", "resource": "limits.cpu", "divisor": "1m"}},
    ]
    fields, spec = with_volume({"downwardAPI": {"items": items}})
    fields["resources"] = {"limits": {"cpu": "250m"}}
    await node.ready(pod("web", container=fields, metadata={"labels": {"app": "web"}}, **spec))
    assert await node.sh("web", "cat /data/labels; echo; cat /data/cpu") == 'app="web"\n250'
    await node.client.patch(PODS.of("web", "default"), b'{"metadata": {"labels": {"tier": "front"}}}')
    await eventually(lambda: node.sh("web", "cat /data/labels"), 'app="web"\ntier="front"')


async def test_a_projected_volume_holds_token_authority_and_fields(node):
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default"}}
    await node.client.create(SERVICE_ACCOUNTS.within("default"), orjson.dumps(account))
    await config_map(node, "kube-root-ca.crt", {"ca.crt": "PEM"})
    sources = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
    ]
    fields, spec = with_volume({"projected": {"sources": sources}})
    await node.ready(pod("web", container=fields, **spec))
    assert await node.sh("web", "cd /data; cat token ca.crt namespace") == "fake-default-defaultPEMdefault"


async def test_a_part_of_a_volume_is_mounted_alone(node):
    await config_map(node, "settings", {"a": "1", "b": "2"})
    mounts = [
        {"name": "settings", "mountPath": "/etc/a.conf", "subPath": "a"},
        {"name": "data", "mountPath": "/own", "subPathExpr": "logs/$(POD)"},
        {"name": "data", "mountPath": "/all"},
    ]
    env = [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    volumes = [{"name": "settings", "configMap": {"name": "settings"}}, {"name": "data", "emptyDir": {}}]
    await node.ready(pod("web", container={"volumeMounts": mounts, "env": env}, volumes=volumes))
    assert await node.sh("web", "cat /etc/a.conf; echo x > /own/y; cat /all/logs/web/y") == "1x\n"


async def test_a_link_out_of_the_volume_is_refused_as_sub_path(node):
    (node.folder / "shared").mkdir()
    (node.folder / "shared" / "out").symlink_to("/etc")
    fields, spec = with_volume({"hostPath": {"path": str(node.folder / "shared")}}, subPath="out")
    await node.create(pod("web", container=fields, **spec))
    found = await node.until("web", waits_for("CreateContainerConfigError"))
    assert "leaves its volume" in found["status"]["containerStatuses"][0]["state"]["waiting"]["message"]


async def test_volumes_are_gone_with_the_pod_and_what_was_the_nodes_stays(node):
    (node.folder / "shared").mkdir()
    (node.folder / "shared" / "kept").write_text("kept")
    mounts = [{"name": "node", "mountPath": "/node", "subPath": "sub"}, {"name": "mem", "mountPath": "/mem"}]
    volumes = [
        {"name": "node", "hostPath": {"path": str(node.folder / "shared")}},
        {"name": "mem", "emptyDir": {"medium": "Memory"}},
    ]
    await node.ready(pod("web", container={"volumeMounts": mounts}, volumes=volumes))
    await node.delete("web")
    assert (node.folder / "shared" / "kept").read_text() == "kept"
    assert (node.folder / "shared" / "sub").is_dir()
    assert not [each for each in mount_table.observe() if str(node.folder) in each.target]
