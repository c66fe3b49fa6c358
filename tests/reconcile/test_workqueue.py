"""The queue of keys: fair, stingy, for many workers, and it can be shut down."""

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pyk8s.aio import clock
from pyk8s.aio.backoff import Schedule
from pyk8s.reconcile.workqueue import Backlog, WorkQueue
from tests.virtual import virtual_time

KEYS = st.sampled_from("abc")


class BacklogMachine(RuleBasedStateMachine):
    """A list and two sets beside the real thing; three keys, so that they collide."""

    def __init__(self):
        super().__init__()
        self.real = Backlog()
        self.waiting, self.working, self.again = [], [], set()

    @rule(key=KEYS)
    def add(self, key):
        available = self.real.add(key)
        if key in self.working:
            self.again.add(key)
            assert not available
        elif key in self.waiting:
            assert not available
        else:
            self.waiting.append(key)
            assert available

    @rule()
    def take(self):
        key = self.real.take()
        if not self.waiting:
            assert key is None
        else:
            assert key == self.waiting.pop(0)
            self.working.append(key)

    @precondition(lambda self: self.working)
    @rule(data=st.data())
    def done(self, data):
        key = data.draw(st.sampled_from(sorted(self.working)))
        self.working.remove(key)
        available = self.real.done(key)
        assert available is (key in self.again)
        if key in self.again:
            self.again.discard(key)
            self.waiting.append(key)

    @invariant()
    def same_lengths(self):
        assert len(self.real) == len(self.waiting)
        assert self.real.idle is (not self.waiting and not self.working)
        assert len(set(self.working)) == len(self.working)


TestBacklog = BacklogMachine.TestCase
TestBacklog.settings = settings(max_examples=100, stateful_step_count=40)


@virtual_time
async def test_a_worker_waits_for_a_key():
    queue = WorkQueue()
    waiter = asyncio.create_task(queue.get())
    await clock.sleep(1)
    assert not waiter.done()
    queue.add("a")
    assert await waiter == "a"


@virtual_time
async def test_many_workers_share_the_keys_and_none_has_one_twice():
    queue, served, working = WorkQueue(), [], set()

    async def work():
        while (key := await queue.get()) is not None:
            assert key not in working
            working.add(key)
            await clock.sleep(1)
            served.append(key)
            working.discard(key)
            queue.done(key)

    workers = [asyncio.create_task(work()) for _ in range(3)]
    for number in range(9):
        queue.add(number % 5)
    await clock.sleep(1.5)
    queue.add(0)
    queue.shut_down()
    await asyncio.gather(*workers)
    assert sorted(served) == [0, 0, 1, 2, 3, 4]


@virtual_time
async def test_a_later_key_comes_in_its_time_and_the_earliest_wish_counts():
    queue = WorkQueue()
    queue.add_after("a", 10)
    queue.add_after("a", 2)
    queue.add_after("a", 5)
    assert await queue.get() == "a"
    assert clock.monotonic() == 2
    queue.done("a")
    await clock.sleep(60)
    assert queue.idle


@virtual_time
async def test_no_delay_is_no_delay():
    queue = WorkQueue()
    queue.add_after("a", 0)
    assert len(queue) == 1


@virtual_time
async def test_failures_wait_longer_each_time_until_forgotten():
    queue = WorkQueue(Schedule(first=1, factor=2, limit=5, jitter=0))
    pauses = []
    for _ in range(4):
        pauses.append(queue.retry("a"))
        await queue.get()
        queue.done("a")
    assert pauses == [1, 2, 4, 5]
    assert queue.failures("a") == 4
    queue.forget("a")
    assert queue.failures("a") == 0
    assert queue.retry("a") == 1


@virtual_time
async def test_a_queue_that_is_shut_down_is_emptied_and_takes_no_more():
    queue = WorkQueue()
    queue.add("a")
    queue.add_after("b", 5)
    queue.shut_down()
    queue.add("c")
    queue.add_after("d", 1)
    assert await queue.get() == "a"
    assert await queue.get() is None
    await clock.sleep(60)
    assert await queue.get() is None


@virtual_time
async def test_idle_means_nothing_waits_works_or_comes_later():
    queue = WorkQueue()
    assert queue.idle
    queue.add("a")
    assert not queue.idle
    await queue.get()
    assert not queue.idle
    queue.done("a")
    assert queue.idle
    queue.add_after("b", 1)
    assert not queue.idle
