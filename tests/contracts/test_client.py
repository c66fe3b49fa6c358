"""What every client of the API must do, whatever stands behind it."""

import asyncio

import orjson
import pytest

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import CONFIG_MAPS, NAMESPACES, PODS, REPLICA_SETS
from pyk8s.client.interface import Binding, PatchType, View
from tests.contracts.clients import CLIENTS

MAPS = CONFIG_MAPS.within("default")


@pytest.fixture(params=CLIENTS, ids=lambda make: make.__name__)
async def client(request, tmp_path):
    async with request.param(tmp_path) as made:
        yield made


def config_map(name="settings", namespace="default", labels=None, **data):
    metadata = {"name": name, "namespace": namespace, "labels": labels or {}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def pod(name="web", **metadata):
    spec = {"containers": [{"name": "main", "image": "nginx"}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", **metadata},
        "spec": spec,
    }


async def create(client, ref, obj):
    return orjson.loads(await client.create(ref, orjson.dumps(obj)))


def version(obj):
    return obj["metadata"]["resourceVersion"]


async def refused(call):
    with pytest.raises(ApiError) as caught:
        await call
    return caught.value


async def take(stream, count):
    """The first `count` events of a watch that are no bookmarks."""
    events = []
    async with asyncio.timeout(30):
        async for batch in stream:
            events += [event for event in batch if event.type != "BOOKMARK"]
            if len(events) >= count:
                break
    return events


async def test_what_was_created_can_be_read(client):
    made = await create(client, MAPS, config_map(colour="red"))
    assert orjson.loads(await client.get(MAPS.of("settings"))) == made
    assert made["metadata"]["uid"]
    assert made["metadata"]["creationTimestamp"].endswith("Z")
    assert made["data"] == {"colour": "red"}


async def test_a_name_can_be_generated(client):
    obj = config_map()
    obj["metadata"] = {"generateName": "web-"}
    first, second = await create(client, MAPS, obj), await create(client, MAPS, obj)
    names = {first["metadata"]["name"], second["metadata"]["name"]}
    assert len(names) == 2
    assert all(name.startswith("web-") and len(name) == 9 for name in names)


async def test_a_name_is_taken_once(client):
    await create(client, MAPS, config_map())
    why = await refused(client.create(MAPS, orjson.dumps(config_map())))
    assert (why.reason, why.code) == ("AlreadyExists", 409)


@pytest.mark.parametrize("verb", ["get", "delete", "update", "patch"])
async def test_what_is_not_there_is_not_found(client, verb):
    ref = MAPS.of("nowhere")
    calls = {
        "get": lambda: client.get(ref),
        "delete": lambda: client.delete(ref),
        "update": lambda: client.update(ref, orjson.dumps({**config_map("nowhere")})),
        "patch": lambda: client.patch(ref, b'{"data":{"a":"b"}}'),
    }
    why = await refused(calls[verb]())
    assert (why.reason, why.code, why.name) == ("NotFound", 404, "nowhere")


async def test_an_update_of_the_version_read_is_taken(client):
    made = await create(client, MAPS, config_map(colour="red"))
    made["data"] = {"colour": "blue"}
    updated = orjson.loads(await client.update(MAPS.of("settings"), orjson.dumps(made)))
    assert updated["data"] == {"colour": "blue"}
    assert version(updated) != version(made)
    assert updated["metadata"]["uid"] == made["metadata"]["uid"]


async def test_an_update_of_an_older_version_is_a_conflict(client):
    made = await create(client, MAPS, config_map(colour="red"))
    await client.patch(MAPS.of("settings"), b'{"data":{"colour":"blue"}}')
    why = await refused(client.update(MAPS.of("settings"), orjson.dumps({**made, "data": {}})))
    assert (why.reason, why.code) == ("Conflict", 409)


async def test_a_write_that_changes_nothing_makes_no_new_version(client):
    made = await create(client, MAPS, config_map(colour="red"))
    again = orjson.loads(await client.patch(MAPS.of("settings"), b'{"data":{"colour":"red"}}'))
    assert version(again) == version(made)


async def test_a_dry_run_changes_nothing(client):
    await create(client, MAPS, config_map(colour="red"))
    answer = await client.patch(MAPS.of("settings"), b'{"data":{"colour":"blue"}}', dry_run=True)
    assert orjson.loads(answer)["data"] == {"colour": "blue"}
    await client.create(MAPS, orjson.dumps(config_map("other")), dry_run=True)
    await client.delete(MAPS.of("settings"), dry_run=True)
    listing = await client.list(MAPS)
    assert [orjson.loads(item)["data"] for item in listing.items if b"settings" in item] == [{"colour": "red"}]
    assert not any(b'"other"' in item for item in listing.items)


async def test_a_merge_patch_with_null_removes(client):
    await create(client, MAPS, config_map(colour="red", size="big"))
    answer = await client.patch(MAPS.of("settings"), b'{"data":{"colour":null}}')
    assert orjson.loads(answer)["data"] == {"size": "big"}


async def test_a_json_patch_tests_before_it_changes(client):
    await create(client, MAPS, config_map(colour="red"))
    ref = MAPS.of("settings")
    change = {"op": "replace", "path": "/data/colour", "value": "blue"}
    good = [{"op": "test", "path": "/data/colour", "value": "red"}, change]
    assert orjson.loads(await client.patch(ref, orjson.dumps(good), PatchType.JSON))["data"] == {"colour": "blue"}
    await refused(client.patch(ref, orjson.dumps(good), PatchType.JSON))
    assert orjson.loads(await client.get(ref))["data"] == {"colour": "blue"}


async def test_a_strategic_patch_merges_lists_by_their_key(client):
    await create(client, PODS.within("default"), pod(finalizers=["x.io/a"]))
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "controller": True}
    ref = PODS.of("web", "default")
    for uid in ("1", "2"):
        patch = {"metadata": {"ownerReferences": [{**owner, "uid": uid, "controller": uid == "1"}]}}
        await client.patch(ref, orjson.dumps(patch), PatchType.STRATEGIC)
    release = {"metadata": {"ownerReferences": [{"$patch": "delete", "uid": "1"}]}}
    answer = orjson.loads(await client.patch(ref, orjson.dumps(release), PatchType.STRATEGIC))
    assert [one["uid"] for one in answer["metadata"]["ownerReferences"]] == ["2"]


async def test_a_patch_with_another_uid_is_refused(client):
    await create(client, MAPS, config_map())
    patch = {"metadata": {"uid": "another"}, "data": {"a": "b"}}
    assert (await refused(client.patch(MAPS.of("settings"), orjson.dumps(patch)))).reason in ("Conflict", "Invalid")


async def test_a_list_holds_its_collection_only(client):
    await create(client, NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    for name in ("a", "b", "c"):
        await create(client, MAPS, config_map(name, labels={"app": name}))
    await create(client, CONFIG_MAPS.within("shop"), config_map("d", "shop", labels={"app": "a"}))
    names = [orjson.loads(item)["metadata"]["name"] for item in (await client.list(MAPS, labels="app")).items]
    assert names == ["a", "b", "c"]
    everywhere = await client.list(CONFIG_MAPS, labels="app=a")
    assert {orjson.loads(item)["metadata"]["name"] for item in everywhere.items} == {"a", "d"}
    by_name = await client.list(CONFIG_MAPS, fields="metadata.name=b")
    assert [orjson.loads(item)["metadata"]["name"] for item in by_name.items] == ["b"]


async def test_a_list_comes_in_pages(client):
    for name in "abcde":
        await create(client, MAPS, config_map(name, labels={"set": "1"}))
    names, more = [], ""
    while True:
        page = await client.list(MAPS, labels="set=1", limit=2, continue_=more)
        assert len(page.items) <= 2
        names += [orjson.loads(item)["metadata"]["name"] for item in page.items]
        more = page.continue_
        if not more:
            break
    assert names == list("abcde")


async def test_a_list_without_matches_is_empty_and_has_a_version(client):
    listing = await client.list(MAPS, labels="no=such")
    assert list(listing.items) == []
    assert listing.resource_version


async def test_a_selector_that_cannot_be_read_is_a_bad_request(client):
    assert (await refused(client.list(MAPS, labels="a in b"))).reason == "BadRequest"


async def test_a_watch_tells_what_follows_the_list(client):
    start = (await client.list(MAPS)).resource_version
    await create(client, MAPS, config_map())
    await client.patch(MAPS.of("settings"), b'{"data":{"a":"b"}}')
    await client.delete(MAPS.of("settings"))
    stream = client.watch(MAPS, resource_version=start)
    events = await take(stream, 3)
    await stream.aclose()
    assert [event.type for event in events] == ["ADDED", "MODIFIED", "DELETED"]
    assert [event.resource_version for event in events] == [version(orjson.loads(event.object)) for event in events]


async def test_a_watch_goes_on_as_things_happen(client):
    start = (await client.list(MAPS)).resource_version
    stream = client.watch(MAPS, resource_version=start)
    reader = asyncio.ensure_future(take(stream, 1))
    await create(client, MAPS, config_map())
    assert (await reader)[0].type == "ADDED"
    await stream.aclose()


async def test_an_object_enters_and_leaves_a_watched_selection(client):
    start = (await client.list(MAPS)).resource_version
    await create(client, MAPS, config_map())
    await client.patch(MAPS.of("settings"), b'{"metadata":{"labels":{"app":"web"}}}')
    await client.patch(MAPS.of("settings"), b'{"metadata":{"labels":{"app":"db"}}}')
    stream = client.watch(MAPS, resource_version=start, labels="app=web")
    events = await take(stream, 2)
    await stream.aclose()
    assert [event.type for event in events] == ["ADDED", "DELETED"]


async def test_a_watch_ends_after_its_timeout(client):
    start = (await client.list(MAPS)).resource_version
    async with asyncio.timeout(30):
        async for _ in client.watch(MAPS, resource_version=start, timeout=1.0):
            pass


async def test_metadata_alone_can_be_read_listed_and_watched(client):
    start = (await client.list(MAPS)).resource_version
    await create(client, MAPS, config_map(colour="red"))
    one = orjson.loads(await client.get(MAPS.of("settings"), view=View.METADATA))
    assert one["kind"] == "PartialObjectMetadata"
    assert "data" not in one
    listed = [orjson.loads(item) for item in (await client.list(MAPS, view=View.METADATA)).items]
    assert all("data" not in item and item["metadata"]["uid"] for item in listed)
    stream = client.watch(MAPS, resource_version=start, view=View.METADATA)
    told = orjson.loads((await take(stream, 1))[0].object)
    await stream.aclose()
    assert "data" not in told
    assert told["metadata"]["name"] == "settings"


async def test_a_deletion_may_insist_on_the_object_that_was_meant(client):
    made = await create(client, MAPS, config_map())
    assert (await refused(client.delete(MAPS.of("settings"), uid="another"))).reason == "Conflict"
    assert (await refused(client.delete(MAPS.of("settings"), resource_version="1"))).reason == "Conflict"
    await client.delete(MAPS.of("settings"), uid=made["metadata"]["uid"])
    assert (await refused(client.get(MAPS.of("settings")))).reason == "NotFound"


async def test_a_finalizer_holds_an_object_until_it_is_taken_off(client):
    obj = config_map()
    obj["metadata"]["finalizers"] = ["example.com/wait"]
    await create(client, MAPS, obj)
    await client.delete(MAPS.of("settings"))
    assert orjson.loads(await client.get(MAPS.of("settings")))["metadata"]["deletionTimestamp"]
    await client.patch(MAPS.of("settings"), b'{"metadata":{"finalizers":null}}')
    assert (await refused(client.get(MAPS.of("settings")))).reason == "NotFound"


@pytest.mark.parametrize(("propagation", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")])
async def test_a_propagation_that_needs_a_collector_waits_for_it(client, propagation, finalizer):
    await create(client, MAPS, config_map())
    await client.delete(MAPS.of("settings"), propagation=propagation)
    held = orjson.loads(await client.get(MAPS.of("settings")))["metadata"]
    assert finalizer in held["finalizers"]
    assert held["deletionTimestamp"]


async def test_a_collection_is_deleted_by_selector(client):
    for name in ("a", "b"):
        await create(client, MAPS, config_map(name, labels={"app": name}))
    await client.delete_collection(MAPS, labels="app=a")
    left = [orjson.loads(item)["metadata"]["name"] for item in (await client.list(MAPS, labels="app")).items]
    assert left == ["b"]


async def test_a_pod_on_a_node_is_deleted_gracefully(client):
    made = await create(client, PODS.within("default"), pod())
    assert await client.bind([Binding("default", "web", made["metadata"]["uid"], "node-1")]) == [None]
    ref = PODS.of("web", "default")
    await client.delete(ref, grace_seconds=5)
    held = orjson.loads(await client.get(ref))
    assert held["metadata"]["deletionGracePeriodSeconds"] == 5
    assert held["spec"]["nodeName"] == "node-1"
    await client.delete(ref, grace_seconds=0)
    assert (await refused(client.get(ref))).reason == "NotFound"


async def test_a_pod_without_a_node_is_deleted_at_once(client):
    await create(client, PODS.within("default"), pod())
    await client.delete(PODS.of("web", "default"))
    assert (await refused(client.get(PODS.of("web", "default")))).reason == "NotFound"


async def test_each_binding_succeeds_or_fails_by_itself(client):
    made = await create(client, PODS.within("default"), pod())
    uid = made["metadata"]["uid"]
    first, second, third = await client.bind(
        [
            Binding("default", "web", uid, "node-1"),
            Binding("default", "nowhere", "", "node-1"),
            Binding("default", "web", uid, "node-2"),
        ]
    )
    assert first is None
    assert second.reason == "NotFound"
    assert third.reason == "Conflict"


async def test_status_and_spec_are_written_apart(client):
    made = await create(client, PODS.within("default"), pod())
    ref = PODS.of("web", "default")
    patch = {"status": {"phase": "Running"}, "metadata": {"labels": {"a": "b"}}}
    through_main = orjson.loads(await client.patch(ref, orjson.dumps(patch)))
    assert through_main["status"]["phase"] == "Pending"
    assert through_main["metadata"]["labels"] == {"a": "b"}
    through_status = orjson.loads(
        await client.patch(ref.sub("status"), orjson.dumps({"status": {"phase": "Running"}, "spec": {"x": 1}}))
    )
    assert through_status["status"]["phase"] == "Running"
    assert through_status["spec"] == made["spec"]


async def test_the_generation_counts_changes_of_the_spec(client):
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": pod()["spec"]}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    obj = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web"}, "spec": spec}
    made = await create(client, REPLICA_SETS.within("default"), obj)
    assert made["metadata"]["generation"] == 1
    ref = REPLICA_SETS.of("web", "default")
    labelled = orjson.loads(await client.patch(ref, b'{"metadata":{"labels":{"a":"b"}}}'))
    assert labelled["metadata"]["generation"] == 1
    scaled = orjson.loads(await client.patch(ref, b'{"spec":{"replicas":3}}'))
    assert scaled["metadata"]["generation"] == 2


async def test_the_scale_of_a_replica_set_is_its_replicas(client):
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": pod()["spec"]}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    obj = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web"}, "spec": spec}
    await create(client, REPLICA_SETS.within("default"), obj)
    ref = REPLICA_SETS.of("web", "default").sub("scale")
    assert orjson.loads(await client.get(ref))["spec"]["replicas"] == 1
    answer = orjson.loads(await client.patch(ref, b'{"spec":{"replicas":4}}'))
    assert (answer["kind"], answer["spec"]["replicas"]) == ("Scale", 4)
    assert orjson.loads(await client.get(REPLICA_SETS.of("web", "default")))["spec"]["replicas"] == 4
