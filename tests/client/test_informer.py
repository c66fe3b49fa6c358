"""The local copy of a collection, on the fake API."""

import asyncio
from contextlib import asynccontextmanager

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyk8s.aio import clock
from pyk8s.aio.clock import run_virtual
from pyk8s.api.errors import unavailable
from pyk8s.api.refs import NAMESPACES, PODS
from pyk8s.client.fake import FakeClient, until
from pyk8s.client.informer import Informer
from tests.virtual import virtual_time


def pod(name, node="", **labels):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "a", "labels": labels},
        "spec": {"nodeName": node} if node else {},
    }


async def create(client, obj):
    ref = PODS.within(obj["metadata"]["namespace"])
    return orjson.loads(await client.create(ref, orjson.dumps(obj)))


@asynccontextmanager
async def following(client, **options):
    informer = Informer(client, PODS, **options)
    changes = []
    informer.on_change(lambda old, new: changes.append((old, new)))
    task = asyncio.create_task(informer.run())
    try:
        await informer.synced()
        yield informer, changes
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def caught_up(informer, client):
    """Wait until the informer has seen the API's newest version."""
    while int(informer.resource_version or 0) < client.api.revision:
        await clock.sleep(0.001)


@virtual_time
async def test_what_was_there_before_is_told_before_it_is_synced():
    client = FakeClient()
    await create(client, pod("web"))
    async with following(client) as (informer, changes):
        assert [new["metadata"]["name"] for _, new in changes] == ["web"]
        assert informer.get("a/web")["metadata"]["uid"]


@virtual_time
async def test_changes_are_told_as_old_and_new():
    client = FakeClient()
    async with following(client) as (informer, changes):
        await create(client, pod("web"))
        await client.patch(PODS.of("web", "a"), b'{"metadata":{"labels":{"x":"y"}}}')
        await client.delete(PODS.of("web", "a"))
        await caught_up(informer, client)
    kinds = [(old is None, new is None) for old, new in changes]
    assert kinds == [(True, False), (False, False), (False, True)]
    assert changes[1][1]["metadata"]["labels"] == {"x": "y"}
    assert informer.list() == []


@virtual_time
async def test_an_index_follows_its_objects():
    client = FakeClient()
    index = {"node": lambda one: [one["spec"].get("nodeName", "")]}
    async with following(client, index=index) as (informer, _):
        await create(client, pod("web"))
        await create(client, pod("db", node="n1"))
        await caught_up(informer, client)
        assert [one["metadata"]["name"] for one in informer.by_index("node", "n1")] == ["db"]
        await client.delete(PODS.of("db", "a"), grace_seconds=0)
        await caught_up(informer, client)
        assert informer.by_index("node", "n1") == []
        assert len(informer.by_index("node", "")) == 1


@virtual_time
async def test_an_index_of_an_unknown_name_is_a_key_error():
    async with following(FakeClient()) as (informer, _):
        with pytest.raises(KeyError):
            informer.by_index("colour", "red")


@virtual_time
async def test_selectors_limit_what_is_followed():
    client = FakeClient()
    await create(client, pod("web", app="web"))
    await create(client, pod("db", app="db"))
    async with following(client, labels="app=web") as (informer, changes):
        assert informer.keys() == ["a/web"]
        await client.patch(PODS.of("web", "a"), b'{"metadata":{"labels":{"app":"other"}}}')
        await caught_up(informer, client)
        assert informer.keys() == []
        assert changes[-1][1] is None


@virtual_time
async def test_a_struct_decodes_only_what_is_read():
    class Metadata(msgspec.Struct, rename="camel"):
        name: str
        namespace: str = ""
        uid: str = ""
        resource_version: str = ""

    class Named(msgspec.Struct):
        metadata: Metadata

    client = FakeClient()
    await create(client, pod("web"))
    async with following(client, decode=msgspec.json.Decoder(Named).decode) as (informer, _):
        assert informer.get("a/web").metadata.name == "web"


@virtual_time
async def test_a_stream_that_ends_is_resumed_without_listing_again():
    client = FakeClient()
    async with following(client) as (informer, changes):
        await create(client, pod("one"))
        await caught_up(informer, client)
        client.api.end_watches()
        await create(client, pod("two"))
        await caught_up(informer, client)
    assert [new["metadata"]["name"] for _, new in changes] == ["one", "two"]
    assert [verb for verb, *_ in client.api.calls].count("list") == 1


@virtual_time
async def test_what_was_missed_while_the_version_expired_is_told_after_all():
    client = FakeClient()
    await create(client, pod("gone"))
    await create(client, pod("same"))
    async with following(client) as (informer, changes):
        changes.clear()
        client.api.down = True
        client.api.down = False
        await client.delete(PODS.of("gone", "a"))
        await create(client, pod("new"))
        client.api.compact()
        await caught_up(informer, client)
    told = [((old or new)["metadata"]["name"], new is None) for old, new in changes]
    assert sorted(told) == [("gone", True), ("new", False)]


@virtual_time
async def test_an_object_that_took_the_name_of_another_is_told_as_gone_and_new():
    client = FakeClient()
    first = await create(client, pod("web"))
    async with following(client) as (informer, changes):
        changes.clear()
        client.api.down = True
        client.api.down = False
        await client.delete(PODS.of("web", "a"))
        second = await create(client, pod("web"))
        client.api.compact()
        await caught_up(informer, client)
    assert [old and old["metadata"]["uid"] for old, _ in changes] == [first["metadata"]["uid"], None]
    assert changes[-1][1]["metadata"]["uid"] == second["metadata"]["uid"]


@virtual_time
async def test_an_outage_is_waited_out_with_growing_pauses():
    client = FakeClient()
    async with following(client) as (informer, _):
        client.api.down = True
        attempts = []
        client.api.reactions.append(lambda verb, ref, body: attempts.append(clock.monotonic()))
        await clock.sleep(60)
        client.api.down = False
        await create(client, pod("web"))
        started = clock.monotonic()
        await caught_up(informer, client)
        assert clock.monotonic() - started <= 3.1
        assert informer.get("a/web")


@virtual_time
async def test_a_quiet_stream_that_ends_is_resumed_at_once():
    client = FakeClient()
    async with following(client) as (informer, _):
        for _ in range(20):
            await clock.sleep(300)
            client.api.end_watches()
            await clock.sleep(0.001)
        started = clock.monotonic()
        await create(client, pod("web"))
        await caught_up(informer, client)
        assert clock.monotonic() - started <= 0.01


@virtual_time
async def test_streams_that_end_at_once_are_not_opened_in_a_busy_loop():
    class Hasty(FakeClient):
        async def watch(self, ref, **options):
            self.api.enter("watch", ref, {})
            for batch in ():
                yield batch

    client = Hasty()
    async with following(client):
        await clock.sleep(60)
    assert sum(verb == "watch" for verb, *_ in client.api.calls) < 60


@virtual_time
async def test_a_server_that_refuses_every_watch_is_not_asked_in_a_busy_loop():
    client = FakeClient()

    def refuse(verb, ref, body):
        if verb == "watch":
            raise unavailable("not now")

    client.api.reactions.append(refuse)
    async with following(client):
        await clock.sleep(60)
    assert sum(verb == "watch" for verb, *_ in client.api.calls) < 60


@virtual_time
async def test_a_handler_that_fails_stops_neither_the_others_nor_the_cache():
    client = FakeClient()
    async with following(client) as (informer, changes):
        informer.on_change(lambda old, new: 1 / 0)
        await create(client, pod("web"))
        await create(client, pod("db"))
        await caught_up(informer, client)
        assert len(changes) == len(informer) == 2


@virtual_time
async def test_a_late_handler_is_told_what_is_there():
    client = FakeClient()
    await create(client, pod("web"))
    async with following(client) as (informer, _):
        late = []
        informer.on_change(lambda old, new: late.append(new["metadata"]["name"]))
        assert late == ["web"]


@virtual_time
async def test_cluster_scoped_objects_have_their_name_as_key():
    client = FakeClient()
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}
    await client.create(NAMESPACES, orjson.dumps(space))
    informer = Informer(client, NAMESPACES)
    task = asyncio.create_task(informer.run())
    await informer.synced()
    assert informer.keys() == ["a"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@virtual_time
async def test_until_waits_for_a_write():
    client = FakeClient()
    task = asyncio.create_task(create(client, pod("web")))
    await until(client, lambda: client.api.object(PODS, "web", "a"))
    await task


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("abc"), st.integers(0, 3)),
        st.tuples(st.just("delete"), st.sampled_from("abc"), st.none()),
        st.tuples(st.sampled_from(["end", "compact", "down", "up", "bookmark", "wait"]), st.none(), st.none()),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_whatever_happens_the_copy_and_what_was_told_agree_with_the_api(steps):
    async def play():
        client, told = FakeClient(), {}

        def tell(old, new):
            key = (old or new)["metadata"]["name"]
            if old is not None:
                assert told.pop(key) == old
            if new is not None:
                assert key not in told
                told[key] = new

        async with following(client, index={"size": lambda one: [str(one["spec"].get("size"))]}) as (informer, _):
            informer.on_change(tell)
            for step, name, size in steps:
                await disturb(client.api, step, name, size)
            client.api.down = False
            client.api.bookmark()
            await caught_up(informer, client)
            stored = {f"a/{one['metadata']['name']}": one for one in client.api.objects(PODS)}
            assert {key: informer.get(key) for key in informer.keys()} == stored  # noqa: SIM118 - no dict
            assert {f"a/{name}": one for name, one in told.items()} == stored
            for size in range(4):
                assert len(informer.by_index("size", str(size))) == sum(
                    one["spec"]["size"] == size for one in stored.values()
                )

    run_virtual(play)


async def disturb(api, step, name, size):
    if step == "put":
        api.put(PODS, {**pod(name), "spec": {"size": size}})
    elif step == "delete" and api.object(PODS, name, "a"):
        held = api.held(PODS.of(name, "a"))
        metadata = {**held.obj["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}
        api.write(PODS, {**held.obj, "metadata": metadata}, held)
    elif step == "end":
        api.end_watches()
    elif step == "compact":
        api.compact()
    elif step in ("down", "up"):
        api.down = step == "down"
    elif step == "bookmark":
        api.bookmark()
    elif step == "wait":
        await clock.sleep(1)
