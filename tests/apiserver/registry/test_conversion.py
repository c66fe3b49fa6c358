"""Kinds that are served in two forms and stored in one."""

import asyncio

import orjson
import pytest

from pyk8s.apiserver.registry.conversion import (
    BEHAVIOR,
    CONVERSIONS,
    METRICS,
    autoscaler_from_v2,
    autoscaler_to_v2,
    event_from_core,
    event_to_core,
)
from pyk8s.apiserver.request import Options, Request
from pyk8s.client.interface import PatchType, View
from tests.apiserver.registry.running import RESOURCES, refused, running_registry

NEW = "events.events.k8s.io"
V1 = RESOURCES.find("autoscaling", "v1", "horizontalpodautoscalers")


@pytest.fixture
async def api():
    async with running_registry(namespaces=["default"]) as made:
        yield made


def event(**more):
    return {
        "kind": "Event",
        "apiVersion": "events.k8s.io/v1",
        "metadata": {"name": "e", "namespace": "default"},
        "regarding": {"kind": "Pod", "namespace": "default", "name": "web"},
        "note": "it runs",
        "reason": "Started",
        "type": "Normal",
        "action": "Start",
        "eventTime": "2026-01-01T12:00:00.000000Z",
        "reportingController": "kubelet",
        "reportingInstance": "n1",
        **more,
    }


def autoscaler(**spec):
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return {
        "kind": "HorizontalPodAutoscaler",
        "apiVersion": "autoscaling/v1",
        "metadata": {"name": "web"},
        "spec": {"scaleTargetRef": target, "maxReplicas": 5, **spec},
    }


CPU = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
}
MEMORY = {
    "type": "Resource",
    "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}},
}


# There and back.


def test_an_event_comes_back_as_it_went():
    sent = event(deprecatedCount=3, deprecatedSource={"component": "x"})
    assert event_from_core(event_to_core(sent)) == sent


def test_an_event_of_the_core_group_has_the_old_names():
    core = event_to_core(event())
    assert core["apiVersion"] == "v1"
    assert core["involvedObject"]["name"] == "web"
    assert (core["message"], core["reportingComponent"]) == ("it runs", "kubelet")
    assert "regarding" not in core


@pytest.mark.parametrize(
    "spec",
    [{}, {"targetCPUUtilizationPercentage": 60}, {"minReplicas": 2}],
)
def test_an_autoscaler_of_version_1_comes_back_as_it_went(spec):
    assert autoscaler_from_v2(autoscaler_to_v2(autoscaler(**spec))) == autoscaler(**spec)


def test_an_autoscaler_of_version_2_comes_back_as_it_went():
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 5}}
    sent = autoscaler(metrics=[MEMORY, CPU], behavior=behavior) | {"apiVersion": "autoscaling/v2"}
    sent["status"] = {"conditions": [{"type": "AbleToScale", "status": "True"}], "desiredReplicas": 2}
    old = autoscaler_from_v2(sent)
    assert old["spec"]["targetCPUUtilizationPercentage"] == 60
    assert set(old["metadata"]["annotations"]) >= {METRICS, BEHAVIOR}
    assert autoscaler_to_v2(old) == sent


def test_an_annotation_that_cannot_be_read_is_left_out():
    sent = autoscaler()
    sent["metadata"]["annotations"] = {METRICS: "{", "mine": "x"}
    made = autoscaler_to_v2(sent)
    assert made["metadata"]["annotations"] == {"mine": "x"}
    assert "metrics" not in made["spec"]


def test_field_selectors_are_said_in_the_words_of_the_stored_form():
    conversion = CONVERSIONS["events.k8s.io", "v1", "events"]
    assert conversion.field_selector("regarding.name=web,type!=Normal") == "involvedObject.name=web,type!=Normal"
    assert conversion.field_selector("") == ""


def test_every_conversion_is_between_resources_that_are_served():
    for here, conversion in CONVERSIONS.items():
        assert RESOURCES.find(*here) is not None
        assert RESOURCES.find(conversion.group, conversion.version, conversion.plural) is not None


# Through the registry.


async def test_an_event_is_one_object_in_both_groups(api):
    await api.create(NEW, "default", event())
    core = await api.get("events", "default", "e")
    assert (core["apiVersion"], core["involvedObject"]["name"]) == ("v1", "web")
    new = await api.get(NEW, "default", "e")
    assert (new["apiVersion"], new["regarding"]["name"]) == ("events.k8s.io/v1", "web")
    assert new["metadata"] == core["metadata"]


async def test_events_are_listed_selected_and_shown_in_the_new_form(api):
    await api.create(NEW, "default", event())
    (found,) = await api.list(NEW, "default", fields="regarding.name=web")
    assert found["note"] == "it runs"
    assert (api.answer.kind, api.answer.api_version) == ("EventList", "events.k8s.io/v1")
    assert await api.list(NEW, "default", fields="regarding.name=db") == []
    (table,) = await api.list(NEW, "default", view=View.TABLE)
    assert table["kind"] == "Table"
    (bare,) = await api.list(NEW, "default", view=View.METADATA)
    assert "note" not in bare


async def test_events_are_watched_in_the_new_form(api):
    answer = await api.ask("watch", NEW, "default", resource_version="0", bookmarks=True, initial_events=True)
    await api.create(NEW, "default", event())
    seen = []
    async with asyncio.timeout(30):
        async for batch in answer.batches:
            seen += [(one.type, orjson.loads(one.object)) for one in batch]
            if len(seen) == 2:
                break
    await answer.batches.aclose()
    assert [kind for kind, _ in seen] == ["BOOKMARK", "ADDED"]
    assert {obj["apiVersion"] for _, obj in seen} == {"events.k8s.io/v1"}
    assert seen[1][1]["note"] == "it runs"


async def test_an_event_is_patched_updated_and_deleted_in_the_new_form(api):
    held = await api.create(NEW, "default", event())
    new = await api.merge(NEW, "default", "e", {"note": "still runs"})
    assert new["note"] == "still runs"
    assert (await api.get("events", "default", "e"))["message"] == "still runs"
    old = {"note": "no", "metadata": {"resourceVersion": held["metadata"]["resourceVersion"]}}
    assert (await refused(api.merge(NEW, "default", "e", old))).reason == "Conflict"
    again = await api.update(NEW, "default", "e", {**new, "note": "and on"})
    assert again["note"] == "and on"
    assert (await api.delete(NEW, "default", "e"))["status"] == "Success"


async def test_patches_in_the_new_form_at_the_same_time_all_count(api):
    await api.create(NEW, "default", event())
    patches = [{"metadata": {"labels": {f"l{i}": "x"}}} for i in range(5)]
    await asyncio.gather(*(api.merge(NEW, "default", "e", patch) for patch in patches))
    assert len((await api.get("events", "default", "e"))["metadata"]["labels"]) == 5


async def test_unknown_fields_of_the_new_form_are_told(api):
    await api.create(NEW, "default", event(message="old name"))
    assert api.warnings == ['unknown field "message"']
    error = await refused(api.create(NEW, "default", {**event(), "metadata": {"name": 5}}))
    assert error.code == 422


async def ask(api, verb, name="", body=None, **options):
    answer = await api.handle(
        Request(
            verb=verb,
            resource=V1,
            namespace="default",
            name=name,
            body=orjson.dumps(body) if body else b"",
            options=Options(**options),
            user=api.user,
        )
    )
    return orjson.loads(answer.body)


async def test_an_autoscaler_is_one_object_in_both_versions(api):
    made = await ask(api, "create", body=autoscaler(targetCPUUtilizationPercentage=60))
    assert made["apiVersion"] == "autoscaling/v1"
    new = await api.get("horizontalpodautoscalers.v2.autoscaling", "default", "web")
    assert new["apiVersion"] == "autoscaling/v2"
    assert new["spec"]["metrics"] == [CPU]
    patch = {"spec": {"targetCPUUtilizationPercentage": 70}}
    old = await ask(api, "patch", "web", patch, patch_type=PatchType.STRATEGIC)
    assert old["spec"]["targetCPUUtilizationPercentage"] == 70
    assert (await ask(api, "get", "web"))["spec"] == old["spec"]
