"""Plugins that fill something in: taints, tolerations, priority, storage, runtime classes."""

import pytest

from pyk8s.apiserver.registry.config import Config
from tests.apiserver.registry.running import pod, refused, running_registry

NOT_READY = "node.kubernetes.io/not-ready"


@pytest.fixture
async def api():
    async with running_registry(
        config=Config(not_ready_toleration=7, unreachable_toleration=3), namespaces=["default"]
    ) as made:
        yield made


# Namespaces.


async def test_nothing_is_made_in_a_namespace_that_is_not_there(api):
    error = await refused(api.create("configmaps", "nowhere", name="a"))
    assert (error.code, error.message) == (404, 'namespaces "nowhere" not found')


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
async def test_the_systems_namespaces_stay(api, name):
    error = await refused(api.delete("namespaces", "", name))
    assert (error.code, error.message) == (
        403,
        f'namespaces "{name}" is forbidden: this namespace may not be deleted',
    )


# Nodes.


async def test_a_new_node_is_tainted_until_it_is_known_to_be_ready(api):
    made = await api.create("nodes", name="n1")
    assert made["spec"]["taints"] == [{"key": NOT_READY, "effect": "NoSchedule"}]


async def test_a_node_that_brings_the_taint_has_it_once(api):
    taints = [{"key": NOT_READY, "effect": "NoSchedule"}, {"key": "mine", "effect": "NoExecute"}]
    made = await api.create("nodes", "", {"metadata": {"name": "n1"}, "spec": {"taints": taints}})
    assert made["spec"]["taints"] == taints


# Tolerations.


def tolerations(made):
    return {(one.get("key"), one.get("tolerationSeconds")) for one in made["spec"]["tolerations"]}


async def test_a_pod_stays_a_while_on_a_node_that_is_away(api):
    made = await api.create("pods", "default", pod())
    assert tolerations(made) == {(NOT_READY, 7), ("node.kubernetes.io/unreachable", 3)}


@pytest.mark.parametrize(
    ("held", "count"),
    [
        ([{"key": NOT_READY, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 1}], 2),
        ([{"operator": "Exists"}], 1),
        ([{"key": NOT_READY, "operator": "Exists", "effect": "NoSchedule"}], 3),
    ],
)
async def test_what_a_pod_says_of_it_stands(api, held, count):
    made = await api.create("pods", "default", pod(tolerations=held))
    assert made["spec"]["tolerations"][0] == held[0]
    assert len(made["spec"]["tolerations"]) == count


# Priority.


async def test_a_pod_without_a_class_has_priority_zero(api):
    spec = (await api.create("pods", "default", pod()))["spec"]
    assert (spec["priority"], spec["preemptionPolicy"]) == (0, "PreemptLowerPriority")


async def test_a_pod_has_the_priority_of_its_class(api):
    policy = {"metadata": {"name": "high"}, "value": 1000, "preemptionPolicy": "Never"}
    await api.create("priorityclasses", "", policy)
    spec = (await api.create("pods", "default", pod(priorityClassName="high")))["spec"]
    assert (spec["priority"], spec["preemptionPolicy"]) == (1000, "Never")
    system = (await api.create("pods", "default", pod("sys", priorityClassName="system-node-critical")))["spec"]
    assert system["priority"] == 2_000_001_000


async def test_the_default_class_is_for_those_who_name_none(api):
    await api.create("priorityclasses", "", {"metadata": {"name": "usual"}, "value": 5, "globalDefault": True})
    spec = (await api.create("pods", "default", pod()))["spec"]
    assert (spec["priority"], spec["priorityClassName"]) == (5, "usual")
    error = await refused(
        api.create("priorityclasses", "", {"metadata": {"name": "other"}, "value": 6, "globalDefault": True})
    )
    assert "already marked as default" in error.message


@pytest.mark.parametrize("spec", [{"priorityClassName": "none"}, {"priority": 9}])
async def test_a_priority_that_no_class_gives_is_refused(api, spec):
    error = await refused(api.create("pods", "default", pod(**spec)))
    assert error.code == 403


# Storage.


def claim(name="data", **spec):
    amounts = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"metadata": {"name": name}, "spec": {**amounts, **spec}}


async def storage_class(api, name, default=True):
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
    sent = {"metadata": {"name": name, "annotations": annotations}, "provisioner": "example.com/disk"}
    await api.create("storageclasses.storage.k8s.io", "", sent)


async def test_a_claim_without_a_class_gets_the_default_one(api):
    await storage_class(api, "slow", default=False)
    made = await api.create("persistentvolumeclaims", "default", claim())
    assert "storageClassName" not in made["spec"]
    await storage_class(api, "fast")
    made = await api.create("persistentvolumeclaims", "default", claim("more"))
    assert made["spec"]["storageClassName"] == "fast"


async def test_a_claim_that_says_its_class_keeps_it(api):
    await storage_class(api, "fast")
    for name, said in (("a", "slow"), ("b", "")):
        made = await api.create("persistentvolumeclaims", "default", claim(name, storageClassName=said))
        assert made["spec"]["storageClassName"] == said


async def test_claims_and_volumes_are_protected_while_they_are_used(api):
    made = await api.create("persistentvolumeclaims", "default", claim())
    assert made["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/data"}}
    metadata = {"name": "v", "finalizers": ["kubernetes.io/pv-protection"]}
    made = await api.create("persistentvolumes", "", {"metadata": metadata, "spec": spec})
    assert made["metadata"]["finalizers"] == ["kubernetes.io/pv-protection"]


# Runtime classes.


async def test_a_pod_gets_the_overhead_and_the_nodes_of_its_runtime_class(api):
    tolerated = {"key": "sandbox", "operator": "Exists"}
    await api.create(
        "runtimeclasses.node.k8s.io",
        "",
        {
            "metadata": {"name": "sandbox"},
            "handler": "sandbox",
            "overhead": {"podFixed": {"cpu": "100m"}},
            "scheduling": {"nodeSelector": {"sandbox": "yes"}, "tolerations": [tolerated]},
        },
    )
    spec = (await api.create("pods", "default", pod(runtimeClassName="sandbox")))["spec"]
    assert spec["overhead"] == {"cpu": "100m"}
    assert spec["nodeSelector"] == {"sandbox": "yes"}
    assert tolerated in spec["tolerations"]
    clashing = pod("other", runtimeClassName="sandbox", nodeSelector={"sandbox": "no"})
    assert "conflict" in (await refused(api.create("pods", "default", clashing))).message


async def test_a_runtime_class_that_is_not_there_is_refused(api):
    error = await refused(api.create("pods", "default", pod(runtimeClassName="none")))
    assert 'RuntimeClass "none" not found' in error.message
