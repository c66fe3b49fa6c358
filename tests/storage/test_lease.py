import asyncio

from pyk8s.aio import clock
from pyk8s.storage.lease import Leases
from pyk8s.storage.memory import MemoryStore
from tests.virtual import virtual_time


class Granting(MemoryStore):
    """Remembers how long each lease was granted for."""

    def __init__(self):
        super().__init__()
        self.granted = []

    async def grant(self, seconds):
        self.granted.append(seconds)
        await clock.sleep(0)
        return await super().grant(seconds)


@virtual_time
async def test_keys_share_a_lease_until_it_is_full():
    store = Granting()
    leases = Leases(store, keys_per_lease=3)
    taken = [await leases.take(3600) for _ in range(7)]
    assert [taken.count(lease) for lease in dict.fromkeys(taken)] == [3, 3, 1]


@virtual_time
async def test_no_lease_has_more_than_a_hundred_keys():
    leases = Leases(Granting())
    taken = [await leases.take(3600) for _ in range(250)]
    assert max(taken.count(lease) for lease in taken) == 100


@virtual_time
async def test_keys_taken_at_once_share_one_grant():
    store = Granting()
    leases = Leases(store)
    taken = await asyncio.gather(*(leases.take(3600) for _ in range(10)))
    assert len(set(taken)) == 1
    assert len(store.granted) == 1


@virtual_time
async def test_a_lease_takes_keys_for_a_minute_and_lives_that_much_longer():
    store = Granting()
    leases = Leases(store)
    first = await leases.take(3600)
    await clock.sleep(59)
    assert await leases.take(3600) == first
    await clock.sleep(2)
    assert await leases.take(3600) != first
    assert store.granted == [3660, 3660]


@virtual_time
async def test_keys_of_different_lives_share_nothing():
    store = Granting()
    leases = Leases(store)
    assert await leases.take(10) != await leases.take(20)
    assert store.granted == [11, 21]


@virtual_time
async def test_a_key_lives_as_long_as_it_should_and_little_longer():
    store = Granting()
    leases = Leases(store)
    for name in "ab":
        await store.create("/registry/events/a/" + name, b"{}", lease=await leases.take(20))
        await clock.sleep(0.9)
    await clock.sleep(18)
    assert len((await store.list("/registry/")).items) == 2
    await clock.sleep(3)
    assert (await store.list("/registry/")).items == ()


@virtual_time
async def test_a_lease_that_is_gone_is_not_handed_out_again():
    leases = Leases(Granting())
    gone = await leases.take(3600)
    leases.drop(gone)
    assert await leases.take(3600) != gone
