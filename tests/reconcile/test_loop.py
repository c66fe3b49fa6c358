"""The loop that serves keys."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from pyk8s.aio import clock
from pyk8s.aio.backoff import Schedule
from pyk8s.api.errors import ApiError, conflict
from pyk8s.reconcile import loop
from pyk8s.reconcile.workqueue import WorkQueue
from tests.virtual import virtual_time


@asynccontextmanager
async def serving(reconcile, workers=2):
    queue = WorkQueue(Schedule(first=1, factor=2, limit=100, jitter=0))
    task = asyncio.create_task(loop.run(queue, reconcile, "test", workers))
    yield queue
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@virtual_time
async def test_each_key_is_reconciled():
    seen = []

    async def reconcile(key):
        seen.append(key)

    async with serving(reconcile) as queue:
        queue.add("a")
        queue.add("b")
        await clock.sleep(1)
    assert seen == ["a", "b"]


@virtual_time
@pytest.mark.parametrize(
    "why", [conflict("", "pods", "web", "stale"), ApiError("Invalid", "no"), ValueError("a mistake")], ids=repr
)
async def test_a_failure_is_tried_again_after_a_pause_that_grows(why):
    at = []

    async def reconcile(key):
        at.append(clock.monotonic())
        if len(at) < 4:
            raise why

    async with serving(reconcile) as queue:
        queue.add("a")
        await clock.sleep(60)
        assert at == [0, 1, 3, 7]
        assert queue.failures("a") == 0


@virtual_time
async def test_a_key_may_ask_to_be_looked_at_again():
    at = []

    async def reconcile(key):
        at.append(clock.monotonic())
        return 10.0 if len(at) < 3 else None

    async with serving(reconcile) as queue:
        queue.add("a")
        await clock.sleep(60)
    assert at == [0, 10, 20]


@virtual_time
async def test_one_key_that_takes_long_does_not_hold_up_the_others():
    seen = []

    async def reconcile(key):
        await clock.sleep(100 if key == "slow" else 1)
        seen.append(key)

    async with serving(reconcile) as queue:
        for key in ("slow", "a", "b"):
            queue.add(key)
        await clock.sleep(10)
    assert seen == ["a", "b"]


@virtual_time
async def test_the_loop_ends_with_its_queue():
    async def reconcile(key):
        pass

    queue = WorkQueue()
    task = asyncio.create_task(loop.run(queue, reconcile, "test"))
    await clock.sleep(1)
    queue.shut_down()
    await task
