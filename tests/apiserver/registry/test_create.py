"""Creating objects: what the system gives them, and what it refuses."""

import asyncio

import pytest

from pyk8s.aio import clock
from pyk8s.apiserver.registry.config import Config
from tests.apiserver.registry.running import pod, refused, running_registry
from tests.virtual import virtual_time


@pytest.fixture
async def api():
    async with running_registry(namespaces=["default"]) as made:
        yield made


def config_map(name="settings", **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


async def test_a_new_object_has_uid_time_namespace_and_version(api):
    made = await api.create("configmaps", "default", config_map(colour="blue"))
    metadata = made["metadata"]
    assert api.answer.code == 201
    assert metadata["namespace"] == "default"
    assert len(metadata["uid"]) == 36
    assert metadata["creationTimestamp"].endswith("Z")
    assert metadata["resourceVersion"] == str(await api.store.revision())


async def test_stored_bytes_carry_no_resource_version(api):
    await api.create("configmaps", "default", config_map())
    item, _ = await api.store.get("/registry/configmaps/default/settings")
    assert b"resourceVersion" not in item.value


async def test_what_clients_may_not_say_is_replaced(api):
    sent = config_map()
    sent["metadata"] |= {"uid": "mine", "creationTimestamp": "1999-01-01T00:00:00Z", "generation": 7, "selfLink": "/x"}
    metadata = (await api.create("configmaps", "default", sent))["metadata"]
    assert metadata["uid"] != "mine"
    assert not metadata["creationTimestamp"].startswith("1999")
    assert "generation" not in metadata
    assert "selfLink" not in metadata


async def test_nulls_count_as_absent(api):
    sent = pod()
    sent["metadata"]["creationTimestamp"] = None
    sent["spec"]["nodeSelector"] = None
    made = await api.create("pods", "default", sent)
    assert "nodeSelector" not in made["spec"]


async def test_kind_and_version_may_be_left_out(api):
    made = await api.create("configmaps", "default", {"metadata": {"name": "bare"}})
    assert (made["kind"], made["apiVersion"]) == ("ConfigMap", "v1")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "Secret"}, "cannot be handled as a ConfigMap"),
        ({"apiVersion": "v2"}, "does not match the expected API version"),
        ({"metadata": {"name": "a", "namespace": "other"}}, "namespace of the provided object does not match"),
        ({"metadata": {"name": "a", "resourceVersion": "5"}}, "resourceVersion should not be set"),
        ({"metadata": []}, "metadata must be an object"),
    ],
)
async def test_a_body_that_means_something_else_is_a_bad_request(api, change, message):
    error = await refused(api.create("configmaps", "default", {**config_map(), **change}))
    assert error.code == 400
    assert message in error.message


@pytest.mark.parametrize("body", [b"{", b"[]", b"", b"\xff"])
async def test_a_body_that_is_no_object_is_a_bad_request(api, body):
    assert (await refused(api.ask("create", "configmaps", "default", body=body))).code == 400


async def test_a_body_over_the_limit_is_too_large(api):
    body = b'{"data":{"a":"' + b"x" * (3 * 1024 * 1024) + b'"}}'
    assert (await refused(api.ask("create", "configmaps", "default", body=body))).code == 413


async def test_an_object_over_the_stores_limit_is_too_large(api):
    sent = pod()
    sent["spec"]["containers"][0]["args"] = ["x" * 1_600_000]
    error = await refused(api.create("pods", "default", sent))
    assert error.code == 413


async def test_a_name_twice_already_exists(api):
    await api.create("configmaps", "default", config_map())
    error = await refused(api.create("configmaps", "default", config_map()))
    assert (error.code, error.reason) == (409, "AlreadyExists")
    assert error.message == 'configmaps "settings" already exists'


async def test_an_object_without_a_name_is_invalid(api):
    error = await refused(api.create("configmaps", "default", {"metadata": {}}))
    assert error.code == 422
    assert error.causes[0].field == "metadata.name"
    assert error.message == ('ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required')


async def test_a_namespaced_object_needs_a_namespace(api):
    error = await refused(api.create("configmaps", "", config_map()))
    assert "an empty namespace may not be set" in error.message


async def test_a_generated_name_begins_with_what_was_asked(api):
    made = await api.create("configmaps", "default", {"metadata": {"generateName": "web-"}})
    name = made["metadata"]["name"]
    assert name.startswith("web-")
    assert len(name) == len("web-") + 5
    assert made["metadata"]["generateName"] == "web-"


async def test_a_generated_name_that_is_taken_is_made_anew(api, monkeypatch):
    names = iter(["web-1", "web-1", "web-1", "web-2"])
    monkeypatch.setattr("pyk8s.apiserver.registry.writer.generate_name", lambda base: next(names))
    await api.create("configmaps", "default", {"metadata": {"generateName": "web-"}})
    made = await api.create("configmaps", "default", {"metadata": {"generateName": "web-"}})
    assert made["metadata"]["name"] == "web-2"


async def test_generated_names_that_are_all_taken_end_in_already_exists(api, monkeypatch):
    monkeypatch.setattr("pyk8s.apiserver.registry.writer.generate_name", lambda base: "web-1")
    await api.create("configmaps", "default", {"metadata": {"generateName": "web-"}})
    error = await refused(api.create("configmaps", "default", {"metadata": {"generateName": "web-"}}))
    assert error.reason == "AlreadyExists"


async def test_many_creates_of_one_name_leave_one_object(api):
    outcomes = await asyncio.gather(
        *(api.create("configmaps", "default", config_map()) for _ in range(20)), return_exceptions=True
    )
    assert sum(not isinstance(one, Exception) for one in outcomes) == 1


async def test_every_wrong_field_is_named_at_once(api):
    sent = pod(restartPolicy="Sometimes")
    sent["metadata"] |= {"name": "Web_1", "labels": {"a b": "c"}}
    sent["spec"]["containers"] += [{"name": "main", "image": "nginx"}]
    error = await refused(api.create("pods", "default", sent))
    assert error.code == 422
    assert {"metadata.name", "metadata.labels", "spec.containers[1].name", "spec.restartPolicy"} <= {
        cause.field for cause in error.causes
    }


async def test_fields_that_lack_and_fields_that_are_wrong_are_named_together(api):
    sent = pod()
    sent["metadata"]["name"] = "Web_1"
    del sent["spec"]["containers"][0]["name"]
    fields = {cause.field for cause in (await refused(api.create("pods", "default", sent))).causes}
    assert fields >= {"spec.containers[0].name", "metadata.name"}


async def test_a_value_of_the_wrong_type_is_named_by_its_path(api):
    error = await refused(api.create("pods", "default", pod(containers="none")))
    assert error.code == 422
    assert [cause.field for cause in error.causes] == ["spec.containers"]


async def test_unknown_fields_are_warned_of_and_dropped(api):
    made = await api.create("configmaps", "default", {**config_map(), "dat": {}})
    assert "dat" not in made
    assert api.warnings == ['unknown field "dat"']


async def test_unknown_fields_are_refused_when_asked_to_be_strict(api):
    sent = pod()
    sent["spec"]["containers"][0]["imagge"] = "x"
    error = await refused(api.create("pods", "default", sent, field_validation="Strict"))
    assert error.code == 400
    assert 'strict decoding error: unknown field "spec.containers[0].imagge"' in error.message


async def test_unknown_fields_are_ignored_when_asked_to(api):
    await api.create("configmaps", "default", {**config_map(), "dat": {}}, field_validation="Ignore")
    assert api.warnings == []


async def test_a_field_validation_nobody_knows_is_refused(api):
    error = await refused(api.create("configmaps", "default", {**config_map(), "dat": {}}, field_validation="Maybe"))
    assert error.causes[0].field == "fieldValidation"


async def test_a_dry_run_stores_nothing(api):
    made = await api.create("configmaps", "default", config_map(), dry_run=True)
    assert made["metadata"]["uid"]
    assert api.answer.code == 201
    assert await api.names("configmaps", "default") == []


async def test_a_dry_run_of_a_taken_name_is_refused(api):
    await api.create("configmaps", "default", config_map())
    assert (await refused(api.create("configmaps", "default", config_map(), dry_run=True))).reason == "AlreadyExists"


async def test_a_new_pod_is_pending_with_its_class_of_service(api):
    sent = pod()
    sent["status"] = {"phase": "Running"}
    made = await api.create("pods", "default", sent)
    assert made["status"] == {"phase": "Pending", "qosClass": "BestEffort"}
    assert made["metadata"]["generation"] == 1


async def test_the_status_of_a_new_deployment_is_not_the_clients(api):
    labels = {"app": "web"}
    spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod()["spec"]}}
    sent = {"metadata": {"name": "web"}, "spec": spec, "status": {"replicas": 9}}
    made = await api.create("deployments.apps", "default", sent)
    assert made.get("status", {}) == {}
    assert made["spec"]["replicas"] == 1


async def test_a_node_brings_its_status(api):
    made = await api.create("nodes", "", {"metadata": {"name": "n1"}, "status": {"capacity": {"cpu": "2"}}})
    assert made["status"]["capacity"] == {"cpu": "2"}


async def test_cluster_scoped_objects_have_no_namespace(api):
    made = await api.create("nodes", "", {"metadata": {"name": "n1", "namespace": "default"}})
    assert "namespace" not in made["metadata"]


@virtual_time
async def test_events_end_by_themselves():
    event = {
        "metadata": {"name": "e1"},
        "involvedObject": {"kind": "Pod", "namespace": "default", "name": "web"},
        "reason": "Seen",
    }
    async with running_registry() as api:
        await api.create("events", "default", event)
        await clock.sleep(3500)
        assert await api.names("events", "default") == ["e1"]
        await clock.sleep(300)
        assert await api.names("events", "default") == []


async def test_a_pod_waits_for_the_default_account_of_a_new_namespace():
    async with running_registry(config=Config(account_wait=5.0)) as api:
        await api.create("namespaces", name="fresh")
        waiting = asyncio.ensure_future(api.create("pods", "fresh", pod()))
        await asyncio.sleep(0)
        assert not waiting.done()
        await api.create("serviceaccounts", "fresh", name="default")
        assert (await asyncio.wait_for(waiting, 30))["spec"]["serviceAccountName"] == "default"
