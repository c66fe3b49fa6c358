"""A kubelet touches its own node, lease and pods, and nothing of them that another decides."""

import pytest

from pyk8s.apiserver.admission.plugins.noderestriction import MIRROR, node_of
from pyk8s.apiserver.request import User
from tests.apiserver.registry.running import ADMIN, pod, refused, running_registry

KUBELET = User("system:node:n1", ("system:nodes", "system:authenticated"))
LEASES = "leases.coordination.k8s.io"


@pytest.fixture
async def api():
    async with running_registry(namespaces=["default"]) as made:
        yield made


@pytest.fixture
def kubelet(api):
    return api.by(KUBELET)


@pytest.mark.parametrize(
    ("user", "node"),
    [
        (KUBELET, "n1"),
        (User("system:node:n1", ("system:authenticated",)), ""),
        (User("alice", ("system:nodes",)), ""),
        (ADMIN, ""),
    ],
)
def test_node_of(user, node):
    assert node_of(user) == node


# Its node.


async def test_a_kubelet_registers_its_own_node(kubelet):
    made = await kubelet.create("nodes", "", {"metadata": {"name": "n1", "labels": {"kubernetes.io/hostname": "n1"}}})
    assert made["metadata"]["name"] == "n1"
    error = await refused(kubelet.create("nodes", name="n2"))
    assert (error.code, 'not allowed to modify node "n2"' in error.message) == (403, True)


async def test_a_kubelet_writes_the_status_of_its_own_node(api, kubelet):
    for name in ("n1", "n2"):
        await api.create("nodes", name=name)
    await kubelet.merge("nodes", "", "n1", {"status": {"capacity": {"cpu": "2"}}}, sub="status")
    assert (await refused(kubelet.merge("nodes", "", "n2", {"status": {}}, sub="status"))).code == 403


@pytest.mark.parametrize(
    ("label", "fine"),
    [
        ("mine", True),
        ("example.com/mine", True),
        ("kubernetes.io/os", True),
        ("node.kubernetes.io/anything", True),
        ("kubelet.kubernetes.io/anything", True),
        ("node-role.kubernetes.io/control-plane", False),
        ("node-restriction.kubernetes.io/secure", False),
        ("x.node-restriction.kubernetes.io/secure", False),
        ("k8s.io/anything", False),
    ],
)
async def test_a_kubelet_labels_its_node_with_what_is_not_decided_elsewhere(api, kubelet, label, fine):
    await api.create("nodes", name="n1")
    asking = kubelet.merge("nodes", "", "n1", {"metadata": {"labels": {label: "x"}}})
    if fine:
        await asking
    else:
        assert label in (await refused(asking)).message


async def test_a_kubelet_does_not_take_its_taints_away(api, kubelet):
    await api.create("nodes", name="n1")
    error = await refused(kubelet.merge("nodes", "", "n1", {"spec": {"taints": []}}))
    assert "not allowed to modify taints" in error.message


# Its lease.


async def test_a_kubelet_keeps_its_own_lease(kubelet):
    await kubelet.create(LEASES, "kube-node-lease", name="n1")
    assert (await refused(kubelet.create(LEASES, "kube-node-lease", name="n2"))).code == 403
    assert (await refused(kubelet.create(LEASES, "default", name="n1"))).code == 403


# Its pods.


async def test_a_kubelet_tells_the_status_of_its_own_pods(api, kubelet):
    await api.create("pods", "default", pod("mine", nodeName="n1"))
    await api.create("pods", "default", pod("other", nodeName="n2"))
    status = {"status": {"phase": "Running"}}
    await kubelet.merge("pods", "default", "mine", status, sub="status")
    assert "itself" in (await refused(kubelet.merge("pods", "default", "other", status, sub="status"))).message


async def test_a_kubelet_changes_neither_spec_nor_labels_of_a_pod(api, kubelet):
    await api.create("pods", "default", pod("mine", nodeName="n1"))
    labels = {"metadata": {"labels": {"x": "y"}}}
    assert (await refused(kubelet.merge("pods", "default", "mine", labels))).code == 403
    assert "labels" in (await refused(kubelet.merge("pods", "default", "mine", labels, sub="status"))).message


async def test_a_kubelet_confirms_the_end_of_its_own_pods(api, kubelet):
    await api.create("pods", "default", pod("mine", nodeName="n1"))
    await api.create("pods", "default", pod("other", nodeName="n2"))
    await kubelet.delete("pods", "default", "mine", grace_seconds=0)
    assert (await refused(kubelet.delete("pods", "default", "other", grace_seconds=0))).code == 403
    assert await api.names("pods", "default") == ["other"]


def mirror(**spec):
    made = pod(**{"nodeName": "n1", **spec})
    made["metadata"]["annotations"] = {MIRROR: "hash"}
    return made


async def test_a_kubelet_shows_its_static_pods(kubelet):
    sent = mirror()
    owner = {"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": "u", "controller": True}
    sent["metadata"]["ownerReferences"] = [owner]
    await kubelet.create("pods", "default", sent)


def env(source):
    return {"containers": [{"name": "main", "image": "x", "env": [{"name": "A", "valueFrom": source}]}]}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"nodeName": "n2"}, "set to itself"),
        ({"volumes": [{"name": "v", "configMap": {"name": "c"}}]}, "configmaps"),
        ({"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]}, "persistentvolumeclaims"),
        ({"volumes": [{"name": "v", "projected": {"sources": [{"secret": {"name": "s"}}]}}]}, "secrets"),
        (env({"secretKeyRef": {"name": "s", "key": "k"}}), "secrets"),
        (env({"configMapKeyRef": {"name": "s", "key": "k"}}), "configmaps"),
    ],
)
async def test_a_static_pod_refers_to_nothing_of_the_api(kubelet, spec, message):
    error = await refused(kubelet.create("pods", "default", mirror(**spec)))
    assert error.code == 403
    assert message in error.message


async def test_a_kubelet_makes_no_other_pods(kubelet):
    assert "annotation" in (await refused(kubelet.create("pods", "default", pod(nodeName="n1")))).message


@pytest.mark.parametrize(
    "owner",
    [
        {"apiVersion": "v1", "kind": "Node", "name": "n2", "uid": "u", "controller": True},
        {"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": "u"},
    ],
)
async def test_a_static_pod_belongs_to_its_node(kubelet, owner):
    sent = mirror()
    sent["metadata"]["ownerReferences"] = [owner]
    assert (await refused(kubelet.create("pods", "default", sent))).code == 403


async def test_others_are_not_restricted(api):
    await api.create("nodes", name="n1")
    await api.merge("nodes", "", "n1", {"spec": {"taints": []}, "metadata": {"labels": {"k8s.io/x": "y"}}})
