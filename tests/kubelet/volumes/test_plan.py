"""Where volumes are and what has to be made for them."""

import pytest

from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.volumes.plan import Folder, Memory, OfNode, Written, plan_volumes, read_only_volumes
from tests.kubelet.values import make_pod

BASE = "/root/pods/uid-1/volumes/kubernetes.io~"
MI = 1024 * 1024


def plan(source, **spec):
    pod = make_pod(volumes=[{"name": "data", **source}], **spec)
    return plan_volumes(pod, "/root")["data"]


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ({"emptyDir": {}}, Folder(f"{BASE}empty-dir/data")),
        ({"emptyDir": {"medium": "Memory"}}, Memory(f"{BASE}empty-dir/data")),
        ({"emptyDir": {"medium": "Memory", "sizeLimit": "4Mi"}}, Memory(f"{BASE}empty-dir/data", 4 * MI)),
        ({"hostPath": {"path": "/x", "type": "File"}}, OfNode("/x", "File")),
    ],
)
def test_volumes_of_folders(source, wanted):
    assert plan(source) == wanted


@pytest.mark.parametrize(
    ("source", "kind", "in_memory"),
    [
        ({"configMap": {"name": "c"}}, "configmap", False),
        ({"downwardAPI": {}}, "downward-api", False),
        ({"secret": {"secretName": "s"}}, "secret", True),
        ({"projected": {}}, "projected", True),
    ],
)
def test_volumes_of_files_are_in_memory_when_they_are_secret(source, kind, in_memory):
    wanted = plan(source, securityContext={"fsGroup": 7})
    assert isinstance(wanted, Written)
    assert (wanted.path, wanted.in_memory, wanted.group) == (f"{BASE}{kind}/data", in_memory, 7)


def test_memory_is_bounded_by_what_the_containers_may_use():
    container = {"name": "web", "resources": {"limits": {"memory": "2Mi"}}}
    pod = make_pod(container, volumes=[{"name": "data", "emptyDir": {"medium": "Memory", "sizeLimit": "4Mi"}}])
    assert plan_volumes(pod, "/root")["data"] == Memory(f"{BASE}empty-dir/data", 2 * MI)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"nfs": {"server": "x"}}, "cannot mount volumes of its kind"),
        ({"emptyDir": {"medium": "Tape"}}, "unknown medium 'Tape'"),
        ({"hostPath": {"path": "/x", "type": "Odd"}}, "unknown hostPath type 'Odd'"),
        ({"emptyDir": {"medium": "Memory", "sizeLimit": "much"}}, "sizeLimit 'much'"),
    ],
)
def test_what_cannot_be_mounted_is_said(source, message):
    with pytest.raises(PodError, match=message):
        plan(source)


def test_what_the_kubelet_writes_only_the_kubelet_writes():
    pod = make_pod(
        volumes=[
            {"name": "a", "configMap": {"name": "c"}},
            {"name": "b", "secret": {"secretName": "s"}},
            {"name": "c", "emptyDir": {}},
            {"name": "d", "downwardAPI": {}},
            {"name": "e", "projected": {}},
            {"name": "f", "hostPath": {"path": "/"}},
        ]
    )
    assert read_only_volumes(pod) == {"a", "b", "d", "e"}
