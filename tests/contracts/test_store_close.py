"""The promise of close."""

import asyncio

import pytest

from pyk8s.storage.interface import Unavailable
from tests.contracts.stores import fill, read

KEY = "/registry/pods/a/web"

CALLS = {
    "create": lambda store: store.create(KEY, b"1"),
    "update": lambda store: store.update(KEY, b"1", expected=1),
    "delete": lambda store: store.delete(KEY),
    "get": lambda store: store.get(KEY),
    "list": lambda store: store.list("/registry/"),
    "watch": lambda store: anext(store.watch("/registry/", after=1)),
    "revision": lambda store: store.revision(),
    "grant": lambda store: store.grant(1),
    "compact": lambda store: store.compact(1),
    "defragment": lambda store: store.defragment(),
}


@pytest.mark.parametrize("name", CALLS)
async def test_after_close_every_method_is_unavailable(store, name):
    await store.close()
    with pytest.raises(Unavailable):
        await CALLS[name](store)


async def test_close_ends_open_watches(store):
    (revision,) = await fill(store, ["a"])
    waiting = asyncio.create_task(read(store, revision, count=2))
    await fill(store, ["b"])
    await store.close()
    with pytest.raises(Unavailable):
        await asyncio.wait_for(waiting, 30)


async def test_close_twice_is_the_same_as_once(store):
    await store.close()
    await store.close()
