"""The files of volumes that the kubelet writes."""

import pytest

from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.fields import Facts
from pyk8s.kubelet.volumes.payload import File, Needs, Objects, config_map_data, files, needs, secret_data
from tests.kubelet.values import make_pod

OBJECTS = Objects(
    {"settings": {"a": b"1", "b": b"2"}},
    {"keys": {"password": b"secret"}},
    {("", 3600): "token", ("vault", 60): "other"},
)
FOR_VAULT = {"serviceAccountToken": {"path": "t", "audience": "vault", "expirationSeconds": 60}}
FOR_NOBODY = {"serviceAccountToken": {"path": "t", "audience": "x"}}
PASSWORD_AS_A = {"secret": {"name": "keys", "items": [{"key": "password", "path": "a"}]}}


def made(group=None, **source):
    pod = make_pod(
        volumes=[{"name": "data", **source}],
        metadata={"labels": {"app": "web"}},
        securityContext={"fsGroup": group} if group else {},
    )
    return files(pod, pod.spec.volumes[0], OBJECTS, Facts("node-1"))


TOKEN = {"serviceAccountToken": {"path": "token"}}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param({"configMap": {"name": "settings"}}, {"a": File(b"1"), "b": File(b"2")}, id="all keys"),
        pytest.param(
            {"configMap": {"name": "settings", "defaultMode": 0o600, "items": [{"key": "a", "path": "x/y"}]}},
            {"x/y": File(b"1", 0o600)},
            id="one key elsewhere",
        ),
        pytest.param(
            {"configMap": {"name": "settings", "items": [{"key": "a", "path": "x", "mode": 0o400}]}},
            {"x": File(b"1", 0o400)},
            id="a mode of its own",
        ),
        pytest.param({"configMap": {"name": "none", "optional": True}}, {}, id="nothing of an optional one"),
        pytest.param(
            {"configMap": {"name": "settings", "optional": True, "items": [{"key": "z", "path": "z"}]}},
            {},
            id="nothing of an optional key",
        ),
        pytest.param({"secret": {"secretName": "keys"}}, {"password": File(b"secret")}, id="a secret"),
        pytest.param(
            {"downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
            {"l": File(b'app="web"')},
            id="labels",
        ),
        pytest.param({"projected": {"sources": [TOKEN]}}, {"token": File(b"token")}, id="a token"),
        pytest.param(
            {"projected": {"sources": [FOR_VAULT]}},
            {"t": File(b"other")},
            id="a token for somebody",
        ),
        pytest.param(
            {
                "projected": {
                    "defaultMode": 0o440,
                    "sources": [{"configMap": {"name": "settings"}}, PASSWORD_AS_A],
                }
            },
            {"a": File(b"secret", 0o440), "b": File(b"2", 0o440)},
            id="several sources: the later wins",
        ),
    ],
)
def test_files(source, expected):
    assert made(**source) == expected


def test_a_token_can_be_read_by_the_group_of_the_pod():
    assert made(group=5, projected={"sources": [TOKEN]}) == {"token": File(b"token", 0o640)}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"configMap": {"name": "none"}}, 'configmap "none" not found'),
        ({"secret": {"secretName": "none"}}, 'secret "none" not found'),
        ({"configMap": {"name": "settings", "items": [{"key": "z", "path": "z"}]}}, "references non-existent key: z"),
        (
            {"projected": {"sources": [FOR_NOBODY]}},
            "no token for audience 'x'",
        ),
    ],
)
def test_what_is_missing_is_said(source, message):
    with pytest.raises(PodError, match=message):
        made(**source)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "a/../../x", "", "..", "..data", "..hidden", "x" * 5000, "a/.."]
)
def test_a_path_out_of_the_volume_is_refused(path):
    with pytest.raises(PodError, match="is not a path below the volume"):
        made(configMap={"name": "settings", "items": [{"key": "a", "path": path}]})


def test_what_must_be_fetched():
    pod = make_pod(
        volumes=[
            {"name": "a", "configMap": {"name": "c1"}},
            {"name": "b", "secret": {"secretName": "s1"}},
            {"name": "c", "emptyDir": {}},
            {
                "name": "d",
                "projected": {"sources": [TOKEN, {"configMap": {"name": "c2"}}, {"secret": {"name": "s2"}}]},
            },
        ]
    )
    assert needs(pod.spec.volumes) == Needs(frozenset({"c1", "c2"}), frozenset({"s1", "s2"}), frozenset({("", 3600)}))


def test_data_of_objects():
    assert config_map_data({"data": {"a": "ä"}, "binaryData": {"b": "AAE="}}) == {"a": "ä".encode(), "b": b"\0\1"}
    assert config_map_data({}) == {}
    assert secret_data({"data": {"a": "c2VjcmV0"}}) == {"a": b"secret"}
    with pytest.raises(PodError, match="not base64"):
        secret_data({"data": {"a": "!"}})
