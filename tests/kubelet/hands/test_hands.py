"""What the hands decide for themselves, which is little."""

from base64 import b64encode

import pytest

from pyk8s.kubelet.hands.image import docker_config
from pyk8s.kubelet.hands.sandbox import delete_logs
from pyk8s.kubelet.hands.volumes import note_change, string_data
from pyk8s.kubelet.memory import Memory
from pyk8s.kubelet.values import Hold


def encoded(text):
    return b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("data", "config"),
    [
        ({".dockerconfigjson": encoded('{"auths": {"a": {}}}')}, {"auths": {"a": {}}}),
        ({".dockercfg": encoded('{"a": {}}')}, {"auths": {"a": {}}}),
        ({".dockerconfigjson": encoded("[]")}, None),
        ({".dockerconfigjson": encoded("not json")}, None),
        ({".dockerconfigjson": "not base64"}, None),
        ({"other": encoded("{}")}, None),
        ({}, None),
    ],
)
def test_docker_configurations_of_secrets(data, config):
    assert docker_config(data) == config


def test_only_text_can_be_a_variable():
    assert string_data({"a": b"text", "b": b"\xff"}) == {"a": "text"}


def test_a_changed_object_lets_what_waited_for_it_be_tried_again():
    memory = Memory("u", volumes_ready=False)
    memory.holds = {
        "volumes": Hold("FailedMount", "", 1e12),
        "container/web": Hold("CreateContainerConfigError", "", 1e12),
        "container/other": Hold("CreateContainerError", "", 1e12),
    }
    note_change(memory, None)
    assert set(memory.holds) == {"container/other"}
    assert memory.volumes_due is None


def test_a_changed_object_lets_mounted_files_be_written_anew():
    memory = Memory("u", volumes_ready=True)
    note_change(memory, None)
    assert memory.volumes_due is not None


def test_only_the_logs_of_the_pod_are_deleted(tmp_path):
    for name in ("ns_p_u1", "ns_p_u2", "other"):
        (tmp_path / name / "web").mkdir(parents=True)
    delete_logs(tmp_path, "u1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ns_p_u2", "other"]
    delete_logs(tmp_path / "none", "u1")
