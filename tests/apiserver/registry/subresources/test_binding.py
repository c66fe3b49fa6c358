"""Putting pods on nodes."""

import asyncio

import pytest

from tests.apiserver.registry.running import pod, refused, running_registry


@pytest.fixture
async def api():
    async with running_registry(namespaces=["default"]) as made:
        yield made


def binding(node="n1", name="web", **metadata):
    return {"metadata": {"name": name, **metadata}, "target": {"kind": "Node", "name": node}}


async def bind(api, node="n1", name="web", **metadata):
    return await api.create("pods", "default", binding(node, name, **metadata), at=name, sub="binding")


async def test_a_bound_pod_names_its_node_and_is_scheduled(api):
    await api.create("pods", "default", pod())
    status = await bind(api)
    assert (status["status"], api.answer.code) == ("Success", 201)
    held = await api.get("pods", "default", "web")
    assert held["spec"]["nodeName"] == "n1"
    assert held["metadata"]["generation"] == 1
    (condition,) = held["status"]["conditions"]
    assert (condition["type"], condition["status"]) == ("PodScheduled", "True")


async def test_labels_and_annotations_of_a_binding_go_to_the_pod(api):
    await api.create("pods", "default", pod())
    await bind(api, annotations={"scheduler/why": "room"}, labels={"zone": "a"})
    metadata = (await api.get("pods", "default", "web"))["metadata"]
    assert metadata["annotations"] == {"scheduler/why": "room"}
    assert metadata["labels"] == {"app": "web", "zone": "a"}


async def test_a_pod_is_bound_once(api):
    await api.create("pods", "default", pod())
    outcomes = await asyncio.gather(*(bind(api, f"n{i}") for i in range(5)), return_exceptions=True)
    assert sum(isinstance(one, dict) for one in outcomes) == 1
    error = next(one for one in outcomes if not isinstance(one, dict))
    assert error.reason == "Conflict"
    assert "already assigned to node" in error.message


async def test_another_life_of_the_pod_is_not_bound(api):
    await api.create("pods", "default", pod())
    error = await refused(bind(api, uid="other"))
    assert error.reason == "Conflict"
    assert "nodeName" not in (await api.get("pods", "default", "web"))["spec"]


async def test_a_pod_that_goes_is_not_bound(api):
    sent = pod()
    sent["metadata"]["finalizers"] = ["example.com/hold"]
    await api.create("pods", "default", sent)
    await api.delete("pods", "default", "web")
    assert "being deleted" in (await refused(bind(api))).message


async def test_a_gated_pod_is_not_bound(api):
    await api.create("pods", "default", pod(schedulingGates=[{"name": "example.com/wait"}]))
    assert "schedulingGates" in (await refused(bind(api))).message


async def test_a_pod_that_is_not_there_is_not_found(api):
    assert (await refused(bind(api))).reason == "NotFound"


@pytest.mark.parametrize("body", [{}, {"target": {}}, {"target": {"kind": "Rack", "name": "r"}}])
async def test_a_binding_without_a_node_is_a_bad_request(api, body):
    await api.create("pods", "default", pod())
    assert (await refused(api.create("pods", "default", body, at="web", sub="binding"))).code == 400


async def test_the_collection_of_bindings_binds_too(api):
    await api.create("pods", "default", pod())
    await api.create("bindings", "default", binding())
    assert (await api.get("pods", "default", "web"))["spec"]["nodeName"] == "n1"
    assert (await refused(api.create("bindings", "default", {"target": {"name": "n1"}}))).code == 400
