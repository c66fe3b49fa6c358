import asyncio

import pytest

from pyk8s.aio import clock
from pyk8s.apiserver.cacher.progress import Progress, SharedRead
from tests.virtual import virtual_time


@virtual_time
async def test_what_has_been_seen_is_not_waited_for():
    progress = Progress()
    progress.advance(5)
    assert await progress.reach(5, 0)
    assert await progress.reach(3, 0)


@virtual_time
async def test_waiting_ends_when_the_revision_is_reached():
    progress = Progress()
    waits = {revision: asyncio.create_task(progress.reach(revision, 100)) for revision in (7, 5, 9)}
    await clock.sleep(1)
    progress.advance(7)
    await clock.sleep(1)
    assert {revision: task.done() for revision, task in waits.items()} == {7: True, 5: True, 9: False}
    progress.advance(20)
    assert await waits[9]


@virtual_time
async def test_waiting_is_bounded():
    progress = Progress()
    assert not await progress.reach(5, 3)
    assert clock.monotonic() == 3.0
    progress.advance(5)


@virtual_time
async def test_one_who_gives_up_disturbs_no_other():
    progress = Progress()
    first, second = (asyncio.create_task(progress.reach(5, 100)) for _ in range(2))
    await clock.sleep(1)
    first.cancel()
    await clock.sleep(1)
    progress.advance(5)
    assert await second


class Header:
    """Takes a second for each read and counts them."""

    def __init__(self):
        self.reads = 0
        self.failing = False

    async def __call__(self):
        self.reads += 1
        number = self.reads
        await clock.sleep(1)
        if self.failing:
            raise ConnectionError("gone")
        return number


@virtual_time
async def test_those_who_ask_together_share_one_read():
    header = Header()
    shared = SharedRead(header)
    assert await asyncio.gather(*(shared() for _ in range(50))) == [1] * 50


@virtual_time
async def test_nobody_gets_a_read_that_began_before_he_asked():
    header = Header()
    shared = SharedRead(header)
    first = asyncio.create_task(shared())
    await clock.sleep(0.5)
    later = [asyncio.create_task(shared()) for _ in range(10)]
    assert await first == 1
    assert await asyncio.gather(*later) == [2] * 10
    assert header.reads == 2


@virtual_time
async def test_a_failed_read_fails_for_all_who_share_it_and_for_nobody_else():
    header = Header()
    header.failing = True
    shared = SharedRead(header)
    results = await asyncio.gather(*(shared() for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [ConnectionError] * 3
    header.failing = False
    assert await shared() == 2


@virtual_time
async def test_one_who_is_cancelled_does_not_cancel_the_read_of_others():
    shared = SharedRead(Header())
    first, second = asyncio.create_task(shared()), asyncio.create_task(shared())
    await clock.sleep(0.5)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await second == 1
