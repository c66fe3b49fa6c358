"""Updating and patching: who wins, what may change, what counts as a change."""

import asyncio

import orjson
import pytest

from pyk8s.apiserver.registry.objects import MAX_BODY_BYTES
from pyk8s.client.interface import PatchType
from tests.apiserver.registry.running import pod, refused, running_registry


@pytest.fixture
async def api():
    async with running_registry(namespaces=["default"]) as made:
        yield made


def deployment(name="web", **spec):
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "nginx:1"}]}}
    return {"metadata": {"name": name}, "spec": {"selector": {"matchLabels": labels}, "template": template, **spec}}


async def made(api, plural="configmaps", obj=None):
    return await api.create(plural, "default", obj or {"metadata": {"name": "a"}, "data": {"k": "1"}})


def version(obj):
    return int(obj["metadata"]["resourceVersion"])


# Update.


async def test_an_update_replaces_the_object_and_advances_the_version(api):
    held = await made(api)
    new = await api.update("configmaps", "default", "a", {**held, "data": {"k": "2"}})
    assert new["data"] == {"k": "2"}
    assert version(new) > version(held)
    assert new["metadata"]["uid"] == held["metadata"]["uid"]


async def test_an_update_of_an_old_version_is_a_conflict(api):
    held = await made(api)
    await api.update("configmaps", "default", "a", {**held, "data": {"k": "2"}})
    error = await refused(api.update("configmaps", "default", "a", {**held, "data": {"k": "3"}}))
    assert (error.code, error.reason) == (409, "Conflict")
    assert error.message == (
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )


async def test_an_update_without_a_version_wins(api):
    await made(api)
    new = await api.update("configmaps", "default", "a", {"metadata": {"name": "a"}, "data": {"k": "2"}})
    assert new["data"] == {"k": "2"}


async def test_a_lease_is_not_updated_without_its_version(api):
    await api.create("leases.coordination.k8s.io", "default", name="l", obj={"metadata": {"name": "l"}})
    error = await refused(api.update("leases.coordination.k8s.io", "default", "l", {"metadata": {"name": "l"}}))
    assert error.causes[0].field == "metadata.resourceVersion"


async def test_an_update_that_changes_nothing_writes_nothing(api):
    held = await made(api)
    before = await api.store.revision()
    new = await api.update("configmaps", "default", "a", held)
    assert version(new) == version(held)
    assert await api.store.revision() == before


async def test_an_update_of_what_is_not_there_is_not_found(api):
    error = await refused(api.update("configmaps", "default", "a", {"metadata": {"name": "a"}}))
    assert error.message == 'configmaps "a" not found'


async def test_an_update_of_a_lease_that_is_not_there_creates_it(api):
    await api.update("leases.coordination.k8s.io", "default", "l", {"metadata": {"name": "l"}})
    assert api.answer.code == 201
    assert await api.names("leases.coordination.k8s.io", "default") == ["l"]


async def test_an_update_by_another_name_is_a_bad_request(api):
    held = await made(api)
    held["metadata"]["name"] = "b"
    error = await refused(api.update("configmaps", "default", "a", held))
    assert "does not match the name on the URL" in error.message


async def test_an_update_of_another_life_of_the_object_is_a_conflict(api):
    held = await made(api)
    held["metadata"] |= {"uid": "other", "resourceVersion": ""}
    error = await refused(api.update("configmaps", "default", "a", held))
    assert "Precondition failed: UID in precondition: other" in error.message


async def test_the_systems_metadata_survives_an_update(api):
    held = await made(api)
    sent = {"metadata": {"name": "a", "creationTimestamp": "1999-01-01T00:00:00Z", "labels": {"x": "y"}}}
    new = await api.update("configmaps", "default", "a", sent)
    assert new["metadata"]["creationTimestamp"] == held["metadata"]["creationTimestamp"]
    assert new["metadata"]["labels"] == {"x": "y"}


async def test_the_generation_counts_changes_of_the_spec_only(api):
    held = await made(api, "deployments.apps", deployment())
    assert held["metadata"]["generation"] == 1
    labelled = await api.merge("deployments.apps", "default", "web", {"metadata": {"labels": {"x": "y"}}})
    assert labelled["metadata"]["generation"] == 1
    scaled = await api.merge("deployments.apps", "default", "web", {"spec": {"replicas": 3}})
    assert scaled["metadata"]["generation"] == 2


async def test_a_write_to_the_spec_leaves_the_status_alone(api):
    await made(api, "deployments.apps", deployment())
    await api.merge("deployments.apps", "default", "web", {"status": {"replicas": 3}}, sub="status")
    new = await api.merge("deployments.apps", "default", "web", {"spec": {"replicas": 2}, "status": {"replicas": 9}})
    assert new["status"] == {"replicas": 3}
    assert new["spec"]["replicas"] == 2


async def test_a_write_to_the_status_leaves_the_spec_alone(api):
    held = await made(api, "deployments.apps", deployment())
    sent = {**held, "spec": {**held["spec"], "replicas": 9}, "status": {"replicas": 3}}
    new = await api.update("deployments.apps", "default", "web", sent, sub="status")
    assert new["spec"]["replicas"] == 1
    assert new["status"] == {"replicas": 3}
    assert new["metadata"]["generation"] == 1


async def test_a_write_to_the_status_cannot_touch_owners(api):
    held = await made(api, "deployments.apps", deployment())
    owner = {"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u"}
    held["metadata"]["ownerReferences"] = [owner]
    new = await api.update("deployments.apps", "default", "web", held, sub="status")
    assert "ownerReferences" not in new["metadata"]


async def test_a_dry_run_of_an_update_changes_nothing(api):
    held = await made(api)
    new = await api.update("configmaps", "default", "a", {**held, "data": {"k": "2"}}, dry_run=True)
    assert new["data"] == {"k": "2"}
    assert (await api.get("configmaps", "default", "a"))["data"] == {"k": "1"}


# Patch.


async def test_a_merge_patch_changes_what_it_names(api):
    await made(api)
    new = await api.merge("configmaps", "default", "a", {"data": {"k": None, "l": "2"}})
    assert new["data"] == {"l": "2"}


async def test_a_json_patch_changes_what_its_paths_name(api):
    await made(api)
    patch = [{"op": "replace", "path": "/data/k", "value": "2"}]
    new = await api.ask("patch", "configmaps", "default", "a", body=patch, patch_type=PatchType.JSON)
    assert new["data"] == {"k": "2"}


async def test_a_strategic_patch_merges_containers_by_name(api):
    await made(api, "deployments.apps", deployment())
    containers = [{"name": "main", "image": "nginx:2"}, {"name": "side", "image": "busybox"}]
    patch = {"spec": {"template": {"spec": {"containers": containers}}}}
    new = await api.ask("patch", "deployments.apps", "default", "web", body=patch, patch_type=PatchType.STRATEGIC)
    assert {one["name"]: one["image"] for one in new["spec"]["template"]["spec"]["containers"]} == {
        "main": "nginx:2",
        "side": "busybox",
    }


@pytest.mark.parametrize(
    ("kind", "patch", "code"),
    [
        (PatchType.JSON, b"{}", 400),
        (PatchType.JSON, b"not json", 400),
        (PatchType.JSON, orjson.dumps([{"op": "test", "path": "/data/k", "value": "9"}]), 422),
        (PatchType.JSON, orjson.dumps([{"op": "replace", "path": "", "value": 1}]), 400),
        (PatchType.MERGE, b"[]", 400),
        (PatchType.MERGE, b'{"kind": "Secret"}', 400),
        (PatchType.MERGE, b'{"metadata": []}', 400),
        (PatchType.MERGE, b'{"metadata": {"name": "b"}}', 422),
        (PatchType.STRATEGIC, b'{"$patch": "wrong"}', 400),
        (PatchType.APPLY, b"{}", 415),
    ],
)
async def test_a_patch_that_cannot_be_applied_is_refused(api, kind, patch, code):
    await made(api)
    error = await refused(api.ask("patch", "configmaps", "default", "a", body=patch, patch_type=kind))
    assert error.code == code
    assert (await api.get("configmaps", "default", "a"))["data"] == {"k": "1"}


async def test_a_patch_larger_than_a_request_may_be_is_refused(api):
    await made(api)
    body = orjson.dumps({"data": {"k": "1"}}) + b" " * MAX_BODY_BYTES
    error = await refused(api.ask("patch", "configmaps", "default", "a", body=body, patch_type=PatchType.MERGE))
    assert (error.code, error.reason) == (413, "RequestEntityTooLarge")
    assert str(len(body)) in error.message


async def test_a_patch_of_what_is_not_there_is_not_found(api):
    assert (await refused(api.merge("configmaps", "default", "a", {}))).reason == "NotFound"


async def test_a_patch_of_a_lease_that_is_not_there_creates_nothing(api):
    assert (await refused(api.merge("leases.coordination.k8s.io", "default", "l", {}))).reason == "NotFound"


async def test_patches_at_the_same_time_all_count(api):
    await made(api)
    await asyncio.gather(*(api.merge("configmaps", "default", "a", {"data": {f"k{i}": "x"}}) for i in range(20)))
    assert len((await api.get("configmaps", "default", "a"))["data"]) == 21


async def test_a_patch_that_names_an_old_version_is_a_conflict(api):
    held = await made(api)
    await api.merge("configmaps", "default", "a", {"data": {"k": "2"}})
    old = {"metadata": {"resourceVersion": held["metadata"]["resourceVersion"]}, "data": {"k": "3"}}
    assert (await refused(api.merge("configmaps", "default", "a", old))).reason == "Conflict"


async def test_a_patch_with_unknown_fields_is_refused_when_strict(api):
    await made(api)
    error = await refused(api.merge("configmaps", "default", "a", {"dat": {}}, field_validation="Strict"))
    assert 'unknown field "dat"' in error.message


async def test_a_patch_of_the_status_of_a_pod_keeps_its_class_of_service(api):
    await made(api, "pods", pod())
    new = await api.merge("pods", "default", "web", {"status": {"phase": "Running", "qosClass": None}}, sub="status")
    assert new["status"]["qosClass"] == "BestEffort"
    assert new["status"]["phase"] == "Running"


# What is not served.


@pytest.mark.parametrize(
    ("verb", "plural", "sub", "code"),
    [
        ("delete", "componentstatuses", "", 405),
        ("get", "pods", "nonsense", 404),
        ("delete", "pods", "status", 405),
        ("get", "pods", "binding", 405),
        ("update", "namespaces", "finalize", 404),
        ("deletecollection", "namespaces", "", 405),
    ],
)
async def test_a_verb_that_a_resource_does_not_have_is_refused(api, verb, plural, sub, code):
    error = await refused(api.ask(verb, plural, "default", "x", sub=sub, body={}))
    assert error.code == code
