"""What a store on etcd does while etcd dies, hangs and comes back."""

import asyncio
from contextlib import aclosing

import pytest

from pyk8s.storage.interface import Unavailable

pytestmark = pytest.mark.programs

PODS = "/registry/pods/a/"


@pytest.fixture
async def store(etcd):
    made = await etcd.connect()
    yield made
    await made.close()


class Reader:
    """Reads a watch in the background and remembers what it saw."""

    def __init__(self, store, after):
        self.events = []
        self._told = asyncio.Condition()
        self._task = asyncio.create_task(self._read(store, after))

    async def _read(self, store, after):
        async with aclosing(store.watch(PODS, after=after)) as batches:
            async for batch in batches:
                async with self._told:
                    self.events += batch.events
                    self._told.notify_all()

    async def until(self, count):
        async with asyncio.timeout(30), self._told:
            await self._told.wait_for(lambda: len(self.events) >= count)

    async def close(self):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def restart(etcd):
    await asyncio.to_thread(etcd.kill)
    await asyncio.to_thread(etcd.start)


async def test_a_watch_goes_on_where_it_was_when_etcd_restarts(etcd, store):
    reader = Reader(store, await store.revision())
    written = []
    for round_ in range(3):
        written += [await store.create(f"{PODS}{round_}-{n}", b"1") for n in range(20)]
        await restart(etcd)
    await reader.until(len(written))
    assert [event.revision for event in reader.events] == written
    await reader.close()


async def test_what_is_written_while_etcd_restarts_happens_once_and_is_told_once(etcd, store):
    reader = Reader(store, await store.revision())

    async def write(worker):
        return [await store.create(f"{PODS}{worker}-{n}", b"%d-%d" % (worker, n)) for n in range(60)]

    writing = [asyncio.create_task(write(worker)) for worker in range(8)]
    await reader.until(40)
    await restart(etcd)
    await reader.until(200)
    await restart(etcd)
    revisions = sorted(revision for some in await asyncio.gather(*writing) for revision in some)
    assert len(revisions) == len(set(revisions)) == 480
    await reader.until(480)
    assert [event.revision for event in reader.events] == revisions
    await reader.close()


async def test_updates_while_etcd_restarts_count_right(etcd, store):
    key = PODS + "counter"
    revision = await store.create(key, b"0")

    async def count():
        nonlocal revision
        for n in range(1, 201):
            revision = await store.update(key, b"%d" % n, expected=revision)
            if n == 100:
                half.set()

    half = asyncio.Event()
    counting = asyncio.create_task(count())
    await half.wait()
    await restart(etcd)
    await counting
    item, _ = await store.get(key)
    assert (item.value, item.revision) == (b"200", revision)


async def test_a_call_while_etcd_hangs_is_answered_when_it_goes_on(etcd, store):
    await store.create(PODS + "x", b"1")
    etcd.pause()
    reading = asyncio.create_task(store.get(PODS + "x"))
    done, _ = await asyncio.wait({reading}, timeout=0.2)
    assert not done
    etcd.resume()
    item, _ = await reading
    assert item.value == b"1"


async def test_without_etcd_a_call_is_unavailable_in_bounded_time(etcd, store, monkeypatch):
    monkeypatch.setattr("pyk8s.storage.etcd.calls.PATIENCE_SECONDS", 0.5)
    await asyncio.to_thread(etcd.kill)
    with pytest.raises(Unavailable, match=r"https://127.0.0.1:\d+ does not answer"):
        await store.get(PODS + "x")
    with pytest.raises(Unavailable) as refused:
        await store.create(PODS + "x", b"1")
    assert not refused.value.unknown, "it could not even be sent"


async def test_a_write_that_hangs_for_good_is_unavailable_and_unknown(etcd, store, monkeypatch):
    monkeypatch.setattr("pyk8s.storage.etcd.calls.PATIENCE_SECONDS", 0.5)
    monkeypatch.setattr("pyk8s.storage.etcd.calls.ATTEMPT_SECONDS", 0.5)
    etcd.pause()
    with pytest.raises(Unavailable) as lost:
        await store.create(PODS + "x", b"1")
    assert lost.value.unknown
    etcd.resume()


async def test_connecting_to_nothing_is_unavailable(etcd):
    etcd.kill()
    with pytest.raises(Unavailable, match="did not answer within 1 s"):
        await etcd.connect(seconds=1)
