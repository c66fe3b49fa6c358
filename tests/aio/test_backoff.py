"""Back-off: doubling, bounded, spread by chance, forgotten after a success."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.aio import clock
from pyk8s.aio.backoff import Backoff, Schedule
from tests.virtual import virtual_time


@pytest.mark.parametrize(
    ("failures", "delay"),
    [
        pytest.param(0, 0.0, id="nothing failed: no wait"),
        pytest.param(1, 1.0, id="the first failure waits `first`"),
        pytest.param(2, 2.0, id="the second twice as long"),
        pytest.param(4, 8.0, id="and so on"),
        pytest.param(5, 10.0, id="never above the limit"),
        pytest.param(10_000, 10.0, id="however many there were"),
    ],
)
def test_delay(failures, delay):
    assert Schedule(first=1, factor=2, limit=10).delay(failures) == delay


@given(st.integers(1, 200), st.floats(0, 1, exclude_max=True))
def test_jitter_adds_at_most_its_share(failures, chance):
    schedule = Schedule(first=0.1, limit=60, jitter=0.5)
    plain = schedule.delay(failures)
    assert plain <= schedule.delay(failures, chance) <= plain * 1.5


@virtual_time
async def test_waiting_counts_and_a_success_forgets():
    backoff = Backoff(Schedule(first=1, factor=2, limit=100, jitter=0))
    await backoff.wait()
    await backoff.wait()
    assert clock.monotonic() == 3
    backoff.reset()
    await backoff.wait()
    assert clock.monotonic() == 4
