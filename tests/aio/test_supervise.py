"""Supervised work: restarted after a failure, ended with its owner, never silent about an error."""

import asyncio

import pytest

from pyk8s.aio import clock
from pyk8s.aio.backoff import Schedule
from pyk8s.aio.shutdown import until_stopped
from pyk8s.aio.supervise import HEALTHY_AFTER, Tasks, keep_running
from tests.virtual import virtual_time

STEADY = Schedule(first=1, factor=2, limit=100, jitter=0)


@virtual_time
async def test_work_that_fails_runs_again_after_a_growing_wait():
    starts, seen = [], []

    async def work():
        starts.append(clock.monotonic())
        if len(starts) < 4:
            raise ValueError(len(starts))

    await keep_running(work, failed=seen.append, schedule=STEADY)
    assert starts == [0, 1, 3, 7]
    assert [str(why) for why in seen] == ["1", "2", "3"]


@virtual_time
async def test_a_long_healthy_run_forgets_earlier_failures():
    starts = []

    async def work():
        starts.append(clock.monotonic())
        if len(starts) == 3:
            await clock.sleep(HEALTHY_AFTER)
        if len(starts) == 5:
            return
        raise ValueError

    await keep_running(work, failed=lambda why: None, schedule=STEADY)
    assert starts[3] - starts[2] == HEALTHY_AFTER + 1


@virtual_time
async def test_leaving_the_owner_cancels_its_tasks():
    ended = []

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async with Tasks(failed=lambda why: None) as tasks:
        tasks.start(work())
        await clock.sleep(1)
    assert ended == [True]


@virtual_time
async def test_a_failure_is_reported_and_ends_only_its_own_task():
    seen = []

    async def fail():
        raise KeyError("gone")

    async def last():
        await clock.sleep(2)
        return "still here"

    async with Tasks(failed=seen.append) as tasks:
        tasks.start(fail())
        assert await tasks.start(last()) == "still here"
    assert [type(why) for why in seen] == [KeyError]


@virtual_time
async def test_stopping_cancels_the_work_and_waits_for_its_end():
    stopping, ended = asyncio.Event(), []

    async def work():
        try:
            await clock.sleep(1000)
        finally:
            await clock.sleep(1)
            ended.append(clock.monotonic())

    asyncio.get_running_loop().call_later(5, stopping.set)
    await until_stopped(work(), stopping)
    assert ended == [6]


@virtual_time
async def test_an_error_of_the_work_reaches_the_caller():
    async def work():
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        await until_stopped(work(), asyncio.Event())
