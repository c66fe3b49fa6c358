"""The virtual loop: time stands still while there is work and jumps when there is none."""

import asyncio

import pytest

from pyk8s.aio import clock
from tests.virtual import virtual_time


@virtual_time
async def test_a_long_wait_takes_no_real_time_and_exactly_its_length():
    start = clock.monotonic()
    await clock.sleep(86_400)
    assert clock.monotonic() - start == 86_400


@virtual_time
async def test_two_waits_run_beside_each_other():
    await asyncio.gather(clock.sleep(3), clock.sleep(5))
    assert clock.monotonic() == 5


@virtual_time
async def test_a_timeout_fires_at_its_deadline():
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(7):
            await asyncio.Event().wait()
    assert clock.monotonic() == 7


def test_waiting_for_nothing_is_an_error_rather_than_a_hang():
    async def forever():
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="never happen"):
        clock.run_virtual(forever)


@virtual_time
async def test_the_wall_clock_moves_with_the_virtual_one():
    before = clock.now()
    await clock.sleep(60)
    assert (clock.now() - before).total_seconds() == 60
