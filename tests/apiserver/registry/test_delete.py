"""Deleting: at once, with grace, with finalizers, many at a time."""

import asyncio

import pytest

from pyk8s.aio import clock
from pyk8s.api.objectmeta import parse_time
from tests.apiserver.registry.running import pod, refused, running_registry


@pytest.fixture
async def api():
    async with running_registry(namespaces=["default"]) as made:
        yield made


async def scheduled(api, name="web", **spec):
    """A pod that runs on a node."""
    return await api.create("pods", "default", pod(name, nodeName="n1", **spec))


async def test_a_deleted_object_is_gone_and_named_in_the_answer(api):
    held = await api.create("configmaps", "default", name="a")
    status = await api.delete("configmaps", "default", "a")
    assert status["status"] == "Success"
    assert status["details"] == {"name": "a", "kind": "configmaps", "uid": held["metadata"]["uid"]}
    assert await api.names("configmaps", "default") == []


async def test_deleting_what_is_not_there_is_not_found(api):
    assert (await refused(api.delete("configmaps", "default", "a"))).reason == "NotFound"


async def test_a_pod_on_a_node_gets_its_grace(api):
    await scheduled(api, terminationGracePeriodSeconds=20)
    before = clock.now()
    answer = await api.delete("pods", "default", "web")
    assert answer["metadata"]["deletionGracePeriodSeconds"] == 20
    assert 18 <= (parse_time(answer["metadata"]["deletionTimestamp"]) - before).total_seconds() <= 22
    assert answer["metadata"]["generation"] == 2
    assert await api.names("pods", "default") == ["web"]


async def test_the_kubelet_confirms_with_no_grace(api):
    held = await scheduled(api)
    await api.delete("pods", "default", "web")
    options = {"gracePeriodSeconds": 0, "preconditions": {"uid": held["metadata"]["uid"]}}
    gone = await api.delete("pods", "default", "web", options)
    assert gone["kind"] == "Pod"
    assert await api.names("pods", "default") == []


async def test_a_grace_can_be_shortened_and_not_prolonged(api):
    await scheduled(api)
    first = await api.delete("pods", "default", "web", grace_seconds=30)
    longer = await api.delete("pods", "default", "web", grace_seconds=60)
    assert longer["metadata"]["deletionTimestamp"] == first["metadata"]["deletionTimestamp"]
    shorter = await api.delete("pods", "default", "web", grace_seconds=5)
    assert shorter["metadata"]["deletionGracePeriodSeconds"] == 5
    apart = parse_time(first["metadata"]["deletionTimestamp"]) - parse_time(shorter["metadata"]["deletionTimestamp"])
    assert apart.total_seconds() == 25


@pytest.mark.parametrize("state", ["unscheduled", "Succeeded", "Failed"])
async def test_a_pod_that_nobody_runs_goes_at_once(api, state):
    if state == "unscheduled":
        await api.create("pods", "default", pod())
    else:
        await scheduled(api)
        await api.merge("pods", "default", "web", {"status": {"phase": state}}, sub="status")
    await api.delete("pods", "default", "web")
    assert await api.names("pods", "default") == []


async def test_force_takes_a_pod_away_at_once(api):
    await scheduled(api)
    await api.delete("pods", "default", "web", grace_seconds=0)
    assert await api.names("pods", "default") == []


async def test_an_object_with_a_finalizer_stays_until_it_is_taken_away(api):
    await api.create("configmaps", "default", {"metadata": {"name": "a", "finalizers": ["example.com/hold"]}})
    marked = await api.delete("configmaps", "default", "a")
    assert marked["metadata"]["deletionTimestamp"]
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 0
    assert await api.names("configmaps", "default") == ["a"]
    await api.merge("configmaps", "default", "a", {"metadata": {"finalizers": None}})
    assert await api.names("configmaps", "default") == []


async def test_a_pod_with_a_finalizer_waits_for_both(api):
    sent = pod(nodeName="n1")
    sent["metadata"]["finalizers"] = ["example.com/hold"]
    await api.create("pods", "default", sent)
    await api.delete("pods", "default", "web")
    await api.delete("pods", "default", "web", grace_seconds=0)
    assert await api.names("pods", "default") == ["web"]
    await api.merge("pods", "default", "web", {"metadata": {"finalizers": None}})
    assert await api.names("pods", "default") == []


async def test_no_finalizer_is_added_to_an_object_that_goes(api):
    await api.create("configmaps", "default", {"metadata": {"name": "a", "finalizers": ["example.com/hold"]}})
    await api.delete("configmaps", "default", "a")
    patch = {"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}}
    error = await refused(api.merge("configmaps", "default", "a", patch))
    assert "no new finalizers can be added" in error.message


@pytest.mark.parametrize(
    ("options", "finalizers"),
    [
        ({"propagationPolicy": "Foreground"}, ["foregroundDeletion"]),
        ({"propagationPolicy": "Orphan"}, ["orphan"]),
        ({"orphanDependents": True}, ["orphan"]),
    ],
)
async def test_a_policy_is_left_for_the_owner_collector(api, options, finalizers):
    await api.create("configmaps", "default", name="a")
    marked = await api.delete("configmaps", "default", "a", options)
    assert marked["metadata"]["finalizers"] == finalizers


async def test_in_the_background_an_object_goes_at_once(api):
    await api.create("configmaps", "default", name="a")
    await api.delete("configmaps", "default", "a", {"propagationPolicy": "Background"})
    assert await api.names("configmaps", "default") == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"propagationPolicy": "Sometimes"}, "Unsupported value"),
        ({"propagationPolicy": "Orphan", "orphanDependents": True}, "cannot be both set"),
        ({"dryRun": ["Some"]}, "dryRun"),
    ],
)
async def test_options_that_contradict_are_refused(api, options, message):
    await api.create("configmaps", "default", name="a")
    error = await refused(api.delete("configmaps", "default", "a", options))
    assert message in error.message
    assert await api.names("configmaps", "default") == ["a"]


@pytest.mark.parametrize("wanted", [{"uid": "other"}, {"resourceVersion": "1"}])
async def test_a_precondition_that_does_not_hold_is_a_conflict(api, wanted):
    await api.create("configmaps", "default", name="a")
    error = await refused(api.delete("configmaps", "default", "a", {"preconditions": wanted}))
    assert error.reason == "Conflict"
    assert "does not match" in error.message
    assert await api.names("configmaps", "default") == ["a"]


async def test_a_dry_run_of_a_deletion_deletes_nothing(api):
    await api.create("configmaps", "default", name="a")
    await scheduled(api)
    await api.delete("configmaps", "default", "a", {"dryRun": ["All"]})
    await api.delete("pods", "default", "web", dry_run=True)
    assert await api.names("configmaps", "default") == ["a"]
    assert "deletionTimestamp" not in (await api.get("pods", "default", "web"))["metadata"]


async def test_of_many_deletions_one_succeeds(api):
    await api.create("configmaps", "default", name="a")
    outcomes = await asyncio.gather(
        *(api.delete("configmaps", "default", "a") for _ in range(10)), return_exceptions=True
    )
    assert sum(not isinstance(one, Exception) for one in outcomes) == 1


async def test_a_deletion_is_told_with_the_version_of_its_going(api):
    held = await api.create("configmaps", "default", name="a")
    answer = await api.ask("watch", "configmaps", "default", resource_version=held["metadata"]["resourceVersion"])
    await api.delete("configmaps", "default", "a")
    async with asyncio.timeout(30):
        (event,) = await anext(answer.batches)
    await answer.batches.aclose()
    assert event.type == "DELETED"
    assert event.resource_version == str(await api.store.revision())
    assert f'"resourceVersion":"{event.resource_version}"'.encode() in event.object


# Namespaces.


async def test_a_deleted_namespace_is_terminating_until_it_is_finalized(api):
    await api.namespace("team")
    marked = await api.delete("namespaces", "", "team")
    assert marked["status"]["phase"] == "Terminating"
    assert marked["metadata"]["deletionTimestamp"]
    again = await api.delete("namespaces", "", "team")
    assert again["metadata"]["uid"] == marked["metadata"]["uid"]
    marked["spec"]["finalizers"] = []
    await api.update("namespaces", "", "team", marked, sub="finalize")
    assert "team" not in await api.names("namespaces")


async def test_nothing_is_made_in_a_namespace_that_goes(api):
    await api.namespace("team")
    await api.delete("namespaces", "", "team")
    error = await refused(api.create("configmaps", "team", name="a"))
    assert error.code == 403
    assert "because it is being terminated" in error.message
    assert error.causes[0].reason == "NamespaceTerminating"


# Collections.


async def test_a_collection_goes_by_selector(api):
    for name, colour in (("a", "red"), ("b", "blue"), ("c", "red")):
        await api.create("configmaps", "default", {"metadata": {"name": name, "labels": {"colour": colour}}})
    await api.ask("deletecollection", "configmaps", "default", labels="colour=red")
    assert await api.names("configmaps", "default") == ["b"]


async def test_a_collection_of_pods_gets_its_grace(api):
    for name in ("a", "b"):
        await scheduled(api, name)
    await api.ask("deletecollection", "pods", "default", body={"gracePeriodSeconds": 7})
    graces = [one["metadata"]["deletionGracePeriodSeconds"] for one in await api.list("pods", "default")]
    assert graces == [7, 7]


async def test_a_collection_over_all_namespaces_stays_within_its_kind(api):
    await api.namespace("team")
    await api.create("configmaps", "default", name="a")
    await api.create("configmaps", "team", name="a")
    await api.ask("deletecollection", "configmaps", "")
    assert await api.list("configmaps") == []
    assert await api.names("serviceaccounts", "team") == ["default"]


async def test_deletions_of_a_collection_that_fail_are_told(api):
    await api.create("configmaps", "default", name="a")
    error = await refused(api.ask("deletecollection", "configmaps", "default", labels="!!"))
    assert error.code == 400
