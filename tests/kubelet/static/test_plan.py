"""Static pods and their mirrors as values."""

import pytest

from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.spec import pod_of
from pyk8s.kubelet.spec.pod import MIRROR
from pyk8s.kubelet.static.plan import CreateMirror, DeleteMirror, plan_mirrors, static_pod

MANIFEST = {"kind": "Pod", "metadata": {"name": "etcd"}, "spec": {"containers": [{"name": "etcd", "image": "etcd:1"}]}}


def made(manifest=MANIFEST, node="node-1", seen="now"):
    return static_pod(manifest, node, "node-uid", seen)


def mirror(one, uid="mirror-1", **metadata):
    """The mirror as the API has it."""
    return pod_of({**one.mirror, "metadata": {**one.mirror["metadata"], "uid": uid, **metadata}})


def test_a_static_pod_is_named_after_its_node():
    one = made()
    assert (one.pod.metadata.name, one.pod.metadata.namespace) == ("etcd-node-1", "default")
    assert one.pod.spec.node_name == "node-1"
    assert one.pod.metadata.annotations["kubernetes.io/config.source"] == "file"


def test_its_uid_is_what_it_says_and_where():
    assert made(seen="then").hash == made(seen="later").hash
    assert made().hash != made(node="node-2").hash
    assert made().hash != made({**MANIFEST, "metadata": {"name": "etcd", "labels": {"a": "b"}}}).hash


def test_its_mirror_belongs_to_the_node_and_has_no_uid_of_ours():
    one = made()
    assert "uid" not in one.mirror["metadata"]
    assert one.mirror["metadata"]["ownerReferences"][0]["uid"] == "node-uid"
    assert one.mirror["metadata"]["annotations"][MIRROR] == one.hash
    assert mirror(one).is_mirror
    assert not one.pod.is_mirror


def test_no_taint_sends_it_away():
    assert {"operator": "Exists", "effect": "NoExecute"} in made().mirror["spec"]["tolerations"]


@pytest.mark.parametrize(
    "manifest",
    [
        None,
        [],
        {"kind": "Service"},
        {"kind": "Pod"},
        {"kind": "Pod", "metadata": {"name": "x"}, "spec": {}},
        {"kind": "Pod", "metadata": {}, "spec": {"containers": [{"name": "x"}]}},
        {"kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": [{"name": 3}]}},
    ],
)
def test_what_is_no_pod_is_refused(manifest):
    with pytest.raises(PodError):
        made(manifest)


ONE, OTHER = made(), made({**MANIFEST, "metadata": {"name": "etcd", "labels": {"v": "2"}}})


@pytest.mark.parametrize(
    ("wanted", "mirrors", "actions"),
    [
        pytest.param([], [], (), id="nothing wanted, nothing there"),
        pytest.param([ONE], [], (CreateMirror(ONE.hash),), id="a mirror is missing"),
        pytest.param([ONE], [mirror(ONE)], (), id="a mirror is there"),
        pytest.param([], [mirror(ONE)], (DeleteMirror("default", "etcd-node-1", "mirror-1"),), id="its file is gone"),
        pytest.param(
            [OTHER],
            [mirror(ONE)],
            (DeleteMirror("default", "etcd-node-1", "mirror-1"),),
            id="its file has changed: the old one goes first",
        ),
        pytest.param(
            [ONE],
            [mirror(ONE, deletionTimestamp="2026-01-01T00:00:00Z")],
            (DeleteMirror("default", "etcd-node-1", "mirror-1"),),
            id="somebody deletes the mirror: let it go, it will come back",
        ),
    ],
)
def test_plan_mirrors(wanted, mirrors, actions):
    assert plan_mirrors({one.hash: one for one in wanted}, mirrors) == actions
