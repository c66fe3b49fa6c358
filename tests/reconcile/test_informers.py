"""One cache a resource."""

import asyncio

import orjson

from pyk8s.aio import clock
from pyk8s.api.refs import CONFIG_MAPS, PODS, SECRETS
from pyk8s.client.fake import FakeClient
from pyk8s.client.interface import View
from pyk8s.reconcile.fields import Meta
from pyk8s.reconcile.informers import Informers, Scope
from pyk8s.reconcile.objects import Pod
from tests.virtual import virtual_time


def test_the_same_wish_is_the_same_informer():
    informers = Informers(FakeClient())
    assert informers.of(PODS) is informers.of(PODS)
    assert informers.of(PODS) is not informers.of(PODS, View.METADATA)
    assert informers.of(PODS) is not informers.of(PODS, fields="metadata.name=a")


def test_whole_objects_serve_those_who_want_metadata():
    informers = Informers(FakeClient())
    assert informers.metadata_of(PODS) is informers.of(PODS, View.METADATA)
    informers.of(CONFIG_MAPS)
    assert informers.metadata_of(CONFIG_MAPS) is not informers.of(CONFIG_MAPS)  # dicts have no struct of metadata
    others = Informers(FakeClient())
    assert others.of(PODS) is others.metadata_of(PODS)


@virtual_time
async def test_a_scope_waits_for_what_it_took_only():
    client = FakeClient()
    for ref, kind in ((PODS, "Pod"), (SECRETS, "Secret")):
        obj = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "x"}}
        await client.create(ref.within("default"), orjson.dumps(obj))

    def refuse(verb, ref, body):
        if ref == SECRETS:
            raise OSError("never")

    client.api.reactions.append(refuse)
    informers, failures = Informers(client), []
    mine, theirs = Scope(informers), Scope(informers)
    pods = mine.of(PODS)
    theirs.of(SECRETS)
    task = asyncio.create_task(informers.run(failures.append))
    await mine.synced()
    assert isinstance(pods.get("default/x"), Pod)
    assert not theirs.of(SECRETS).is_synced
    late = mine.metadata_of(CONFIG_MAPS)
    await mine.synced()
    assert late.is_synced
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await clock.sleep(0)
    assert [type(why) for why in failures] == [OSError]


@virtual_time
async def test_metadata_is_read_as_such():
    client = FakeClient()
    obj = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "data": {"a": "Yg=="}}
    await client.create(SECRETS.within("default"), orjson.dumps(obj))
    informers = Informers(client)
    secrets = informers.metadata_of(SECRETS)
    task = asyncio.create_task(informers.run(print))
    await informers.synced()
    assert isinstance(secrets.get("default/x"), Meta)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
