"""A pool of names, each of which belongs to one service at most."""

import asyncio

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pyk8s.apiserver.cacher.cacher import Cacher
from pyk8s.apiserver.registry.allocation.pool import Holder, Pool, holder_of
from pyk8s.apiserver.registry.allocation.services import NODE_PORTS
from pyk8s.apiserver.registry.records import Records
from pyk8s.storage.lease import Leases
from pyk8s.storage.memory import MemoryStore

WEB, DB = Holder("team", "web", "u1"), Holder("team", "db", "u2")


@pytest.fixture
async def pool():
    store = MemoryStore()
    cacher = Cacher(store)
    await cacher.start()
    yield Pool(Records(store, cacher, Leases(store)), cacher, NODE_PORTS, labels=lambda name: {"a": "b"}, kept={"1"})
    await cacher.close()
    await store.close()


async def test_a_name_belongs_to_who_took_it_first(pool):
    assert await pool.take("30000", WEB)
    assert not await pool.take("30000", DB)
    record = await pool.record("30000")
    assert holder_of(record.obj) == WEB
    assert record.obj["metadata"]["labels"] == {"a": "b"}


async def test_who_has_a_name_may_take_it_again_when_that_is_meant(pool):
    await pool.take("30000", WEB)
    assert await pool.take("30000", WEB)
    assert not await pool.take("30000", WEB, again=False)


async def test_another_life_of_the_service_is_another_holder(pool):
    await pool.take("30000", WEB)
    assert not await pool.take("30000", Holder("team", "web", "u9"))


async def test_only_its_holder_gives_a_name_back(pool):
    await pool.take("30000", WEB)
    await pool.give("30000", DB)
    assert await pool.record("30000") is not None
    await pool.give("30000", WEB)
    await pool.give("30000", WEB)
    assert await pool.record("30000") is None


async def test_a_kept_name_is_never_free_and_never_given_back(pool):
    assert pool.is_taken("1")
    await pool.take("1", WEB)
    await pool.give("1", WEB)
    assert not await pool.drop("1", await pool.record("1"))
    assert await pool.record("1") is not None


async def test_a_record_that_changed_is_not_dropped(pool):
    await pool.take("30000", WEB)
    old = await pool.record("30000")
    await pool.give("30000", WEB)
    await pool.take("30000", DB)
    assert not await pool.drop("30000", old)
    assert holder_of((await pool.record("30000")).obj) == DB


def test_the_service_of_the_api_is_one_holder_in_all_its_lives():
    def service(uid, name="kubernetes"):
        return {"metadata": {"namespace": "default", "name": name, "uid": uid}}

    assert Holder.of(service("a")) == Holder.of(service("b"))
    assert Holder.of(service("a", "web")) != Holder.of(service("b", "web"))


class PoolMachine(RuleBasedStateMachine):
    """Holders take and give back; a dict beside the pool says who has what."""

    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.store = MemoryStore()
        self.cacher = Cacher(self.store)
        self.loop.run_until_complete(self.cacher.start())
        self.pool = Pool(Records(self.store, self.cacher, Leases(self.store)), self.cacher, NODE_PORTS)
        self.model = {}

    def teardown(self):
        self.loop.run_until_complete(self.cacher.close())
        self.loop.run_until_complete(self.store.close())
        self.loop.close()

    @rule(name=st.sampled_from("12"), holder=st.sampled_from([WEB, DB]), again=st.booleans())
    def take(self, name, holder, again):
        held = self.model.get(name)
        taken = self.loop.run_until_complete(self.pool.take(name, holder, again=again))
        assert taken == (held is None or (held == holder and again))
        if taken:
            self.model[name] = holder

    @rule(name=st.sampled_from("12"), holder=st.sampled_from([WEB, DB]))
    def give(self, name, holder):
        self.loop.run_until_complete(self.pool.give(name, holder))
        if self.model.get(name) == holder:
            del self.model[name]

    @invariant()
    def same_holders(self):
        self.loop.run_until_complete(self.cacher.fresh())
        assert set(self.pool.names()) == set(self.model)


TestPool = PoolMachine.TestCase
TestPool.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
