"""Reading: one object, lists and pages, watches, and the views of them."""

import asyncio

import orjson
import pytest

from pyk8s.client.interface import View
from tests.apiserver.registry.running import pod, refused, running_registry


@pytest.fixture
async def api():
    async with running_registry(namespaces=["default"]) as made:
        yield made


async def fill(api, count=5, namespace="default"):
    for number in range(count):
        labels = {"parity": "even" if number % 2 == 0 else "odd"}
        await api.create("configmaps", namespace, {"metadata": {"name": f"c{number}", "labels": labels}})


async def first(answer, count):
    """The first `count` events of a watch."""
    events = []
    async with asyncio.timeout(30):
        async for batch in answer.batches:
            events += batch
            if len(events) >= count:
                break
    await answer.batches.aclose()
    return events


async def test_a_get_answers_what_was_written(api):
    made = await api.create("configmaps", "default", name="a")
    assert await api.get("configmaps", "default", "a") == made


async def test_a_get_of_what_is_not_there_is_not_found(api):
    error = await refused(api.get("deployments.apps", "default", "web"))
    assert error.message == 'deployments.apps "web" not found'


@pytest.mark.parametrize("version", ["x", "-1", "1.5", "9" * 30])
async def test_a_version_that_is_none_is_refused(api, version):
    error = await refused(api.get("configmaps", "default", "a", resource_version=version))
    assert error.causes[0].field == "resourceVersion"


async def test_a_list_is_of_one_namespace_or_of_all_in_order(api):
    await api.namespace("team")
    await fill(api, 2)
    await fill(api, 1, "team")
    assert await api.names("configmaps", "default") == ["c0", "c1"]
    assert await api.names("configmaps") == ["c0", "c1", "c0"]
    assert api.answer.kind == "ConfigMapList"


async def test_a_list_says_the_version_to_watch_from(api):
    await fill(api, 1)
    await api.list("configmaps", "default")
    assert api.answer.resource_version == str(await api.store.revision())


async def test_a_list_comes_by_labels_and_fields(api):
    await fill(api)
    assert await api.names("configmaps", "default", labels="parity=odd") == ["c1", "c3"]
    assert await api.names("configmaps", "default", fields="metadata.name=c2") == ["c2"]
    assert await api.names("configmaps", "default", labels="parity in (odd),!x", fields="metadata.name!=c1") == ["c3"]


async def test_pods_come_by_node(api):
    await api.create("pods", "default", pod("a", nodeName="n1"))
    await api.create("pods", "default", pod("b"))
    assert await api.names("pods", fields="spec.nodeName=n1") == ["a"]
    assert await api.names("pods", fields="spec.nodeName=") == ["b"]


async def test_nodes_come_by_whether_they_take_pods(api):
    await api.create("nodes", "", {"metadata": {"name": "n1"}})
    await api.create("nodes", "", {"metadata": {"name": "n2"}, "spec": {"unschedulable": True}})
    assert await api.names("nodes", fields="spec.unschedulable=false") == ["n1"]
    assert await api.names("nodes", fields="spec.unschedulable=true") == ["n2"]


async def test_events_come_by_what_they_speak_of(api):
    for name in ("a", "b"):
        involved = {"kind": "Pod", "namespace": "default", "name": name}
        source = {"component": "kubelet"}
        event = {"metadata": {"name": f"e-{name}"}, "involvedObject": involved, "source": source, "reason": "Seen"}
        await api.create("events", "default", event)
    assert await api.names("events", "default", fields="involvedObject.name=b,source=kubelet") == ["e-b"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": "a b"}, "unable to parse"),
        ({"fields": "metadata.name"}, "can't understand"),
        ({"fields": "data.k=1"}, "field label not supported: data.k"),
    ],
)
async def test_a_selector_that_cannot_be_is_a_bad_request(api, options, message):
    error = await refused(api.list("configmaps", "default", **options))
    assert error.code == 400
    assert message in error.message


# Pages.


async def test_pages_make_up_the_whole_list_as_it_was(api):
    await fill(api, 5)
    names, token = [], ""
    for _ in range(3):
        names += await api.names("configmaps", "default", limit=2, continue_=token)
        token = api.answer.continue_
        if len(names) == 2:
            assert api.answer.remaining == 3
            await api.create("configmaps", "default", name="c9")
            await api.delete("configmaps", "default", "c3")
    assert names == ["c0", "c1", "c2", "c3", "c4"]
    assert token == ""


async def test_pages_of_a_selection_are_full(api):
    await fill(api, 6)
    names = await api.names("configmaps", "default", limit=2, labels="parity=odd")
    assert names == ["c1", "c3"]
    token = api.answer.continue_
    assert await api.names("configmaps", "default", limit=2, labels="parity=odd", continue_=token) == ["c5"]


async def test_a_page_that_is_too_old_has_expired(api):
    await fill(api, 4)
    await api.list("configmaps", "default", limit=2)
    token = api.answer.continue_
    await fill(api, 3, namespace="kube-public")
    await api.store.compact(await api.store.revision())
    api.cacher._feed.collection("configmaps").forget(await api.store.revision())
    error = await refused(api.list("configmaps", "default", limit=2, continue_=token))
    assert (error.code, error.reason) == (410, "Expired")
    assert "continue parameter is too old" in error.message


@pytest.mark.parametrize("token", ["!", "abc", "eyJ2IjoieCJ9", "x" * 3000])
async def test_a_token_that_is_not_ours_is_a_bad_request(api, token):
    error = await refused(api.list("configmaps", "default", limit=2, continue_=token))
    assert error.code == 400
    assert "continue key is not valid" in error.message


# Watches.


async def test_a_watch_tells_what_happens_after_a_version(api):
    made = await api.create("configmaps", "default", name="a")
    answer = await api.ask("watch", "configmaps", "default", resource_version=made["metadata"]["resourceVersion"])
    await api.merge("configmaps", "default", "a", {"data": {"k": "1"}})
    await api.create("configmaps", "default", name="b")
    await api.delete("configmaps", "default", "a")
    events = await first(answer, 3)
    assert [event.type for event in events] == ["MODIFIED", "ADDED", "DELETED"]


async def test_a_watch_without_a_version_begins_with_what_is_there(api):
    await fill(api, 2)
    events = await first(await api.ask("watch", "configmaps", "default"), 2)
    assert [event.type for event in events] == ["ADDED", "ADDED"]


async def test_a_watch_with_initial_events_marks_their_end(api):
    await fill(api, 1)
    options = {"initial_events": True, "bookmarks": True, "resource_version_match": "NotOlderThan"}
    events = await first(await api.ask("watch", "configmaps", "default", **options), 2)
    assert [event.type for event in events] == ["ADDED", "BOOKMARK"]
    assert b"k8s.io/initial-events-end" in events[1].object


async def test_a_watch_of_one_name_tells_of_no_other(api):
    answer = await api.ask("watch", "configmaps", "default", "b", resource_version=str(await api.store.revision()))
    await api.create("configmaps", "default", name="a")
    await api.create("configmaps", "default", name="b")
    (event,) = await first(answer, 1)
    assert orjson.loads(event.object)["metadata"]["name"] == "b"


async def test_a_watch_ends_when_its_time_is_up(api):
    answer = await api.ask("watch", "configmaps", "default", timeout=0.05)
    async with asyncio.timeout(30):
        assert [batch async for batch in answer.batches if any(e.type != "BOOKMARK" for e in batch)] == []


async def test_a_match_without_initial_events_is_refused(api):
    asking = api.ask("watch", "configmaps", "default", resource_version="1", resource_version_match="Exact")
    assert (await refused(asking)).causes[0].field == "resourceVersionMatch"


# Views.


async def test_metadata_is_all_that_is_shown_when_only_that_is_asked_for(api):
    await api.create("configmaps", "default", {"metadata": {"name": "a"}, "data": {"k": "1"}})
    shown = await api.get("configmaps", "default", "a", view=View.METADATA)
    assert (shown["kind"], shown["apiVersion"]) == ("PartialObjectMetadata", "meta.k8s.io/v1")
    assert "data" not in shown
    items = await api.list("configmaps", "default", view=View.METADATA)
    assert items[0]["metadata"]["name"] == "a"
    assert api.answer.kind == "PartialObjectMetadataList"


async def test_a_table_has_a_row_for_each_object_and_the_lists_metadata(api):
    await fill(api, 3)
    (table,) = await api.list("configmaps", "default", view=View.TABLE, limit=2)
    assert table["kind"] == "Table"
    assert [row["cells"][0] for row in table["rows"]] == ["c0", "c1"]
    assert table["metadata"]["continue"] == api.answer.continue_
    assert table["metadata"]["remainingItemCount"] == 1


async def test_a_table_of_one_object_has_one_row(api):
    await api.create("pods", "default", pod())
    table = await api.get("pods", "default", "web", view=View.TABLE)
    assert table["rows"][0]["cells"][:3] == ["web", "0/1", "Pending"]
    assert table["metadata"]["resourceVersion"]


async def test_a_watch_may_show_tables(api):
    answer = await api.ask("watch", "configmaps", "default", view=View.TABLE, resource_version="0", bookmarks=True)
    await api.create("configmaps", "default", name="a")
    (event,) = await first(answer, 1)
    table = orjson.loads(event.object)
    assert table["kind"] == "Table"
    assert table["rows"][0]["cells"][0] == "a"


async def test_a_bookmark_of_tables_is_a_table_without_rows(api):
    options = {"view": View.TABLE, "initial_events": True, "bookmarks": True}
    (event,) = await first(await api.ask("watch", "configmaps", "default", **options), 1)
    table = orjson.loads(event.object)
    assert (event.type, table["kind"], table["rows"]) == ("BOOKMARK", "Table", [])


async def test_a_write_may_be_answered_as_a_table(api):
    table = await api.create("configmaps", "default", name="a", view=View.TABLE)
    assert table["kind"] == "Table"
    assert api.answer.code == 201
