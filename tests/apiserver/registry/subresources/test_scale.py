"""The scale of workloads."""

import pytest

from pyk8s.apiserver.registry.subresources.scale import check, scale_of, scaled
from pyk8s.client.interface import PatchType
from tests.apiserver.registry.running import pod, refused, running_registry

KINDS = ["deployments.apps", "replicasets.apps", "statefulsets.apps", "replicationcontrollers"]


@pytest.fixture
async def api():
    async with running_registry(namespaces=["default"]) as made:
        yield made


def workload(kind, replicas=2):
    labels = {"app": "web"}
    selector = labels if kind == "replicationcontrollers" else {"matchLabels": labels}
    template = {"metadata": {"labels": labels}, "spec": pod()["spec"]}
    spec = {"replicas": replicas, "selector": selector, "template": template}
    if kind == "statefulsets.apps":
        spec["serviceName"] = "web"
    return {"metadata": {"name": "web"}, "spec": spec}


@pytest.mark.parametrize("kind", KINDS)
async def test_every_workload_is_scaled_alike(api, kind):
    await api.create(kind, "default", workload(kind))
    scale = await api.get(kind, "default", "web", sub="scale")
    assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert scale["spec"] == {"replicas": 2}
    assert scale["status"] == {"replicas": 0, "selector": "app=web"}
    scale["spec"]["replicas"] = 5
    new = await api.update(kind, "default", "web", scale, sub="scale")
    assert new["spec"] == {"replicas": 5}
    held = await api.get(kind, "default", "web")
    assert held["spec"]["replicas"] == 5
    assert held["metadata"]["generation"] == 2


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        (PatchType.MERGE, {"spec": {"replicas": 0}}),
        (PatchType.JSON, [{"op": "replace", "path": "/spec/replicas", "value": 0}]),
        (PatchType.STRATEGIC, {"spec": {"replicas": 0}}),
    ],
)
async def test_a_scale_is_patched(api, kind, patch):
    await api.create("deployments.apps", "default", workload("deployments.apps"))
    new = await api.ask("patch", "deployments.apps", "default", "web", "scale", patch, patch_type=kind)
    assert new["spec"] == {}
    assert (await api.get("deployments.apps", "default", "web"))["spec"]["replicas"] == 0


async def test_an_old_scale_is_a_conflict(api):
    await api.create("deployments.apps", "default", workload("deployments.apps"))
    scale = await api.get("deployments.apps", "default", "web", sub="scale")
    await api.merge("deployments.apps", "default", "web", {"metadata": {"labels": {"x": "y"}}})
    assert (await refused(api.update("deployments.apps", "default", "web", scale, sub="scale"))).reason == "Conflict"


async def test_a_scale_without_a_version_wins(api):
    await api.create("deployments.apps", "default", workload("deployments.apps"))
    scale = {"metadata": {"name": "web"}, "spec": {"replicas": 7}}
    assert (await api.update("deployments.apps", "default", "web", scale, sub="scale"))["spec"]["replicas"] == 7


async def test_scaling_what_is_not_there_is_not_found(api):
    asking = api.ask("patch", "deployments.apps", "default", "web", "scale", {"spec": {}})
    assert (await refused(asking)).reason == "NotFound"


@pytest.mark.parametrize(
    ("body", "code"), [({"kind": "Pod"}, 400), ({"spec": {"replicas": -1}}, 422), ({"spec": {"replicas": "x"}}, 422)]
)
async def test_a_scale_that_cannot_be_is_refused(api, body, code):
    await api.create("deployments.apps", "default", workload("deployments.apps"))
    assert (await refused(api.update("deployments.apps", "default", "web", body, sub="scale"))).code == code


async def test_pods_have_no_scale(api):
    await api.create("pods", "default", pod())
    assert (await refused(api.get("pods", "default", "web", sub="scale"))).code == 404


@pytest.mark.parametrize(("replicas", "fine"), [(0, True), (3, True), (-1, False), (True, False), (1.5, False)])
def test_check(replicas, fine):
    assert (check({"spec": {"replicas": replicas}}) == []) is fine


def test_scaling_leaves_the_original_alone():
    obj = {**workload("deployments.apps"), "kind": "Deployment"}
    new = scaled(obj, {"spec": {"replicas": 9}, "metadata": {"resourceVersion": "4"}})
    assert (new["spec"]["replicas"], new["metadata"]["resourceVersion"]) == (9, "4")
    assert obj["spec"]["replicas"] == 2
    assert "selector" not in scale_of({**obj, "spec": {}})["status"]
