"""The token bucket."""

from hypothesis import given
from hypothesis import strategies as st

from pyk8s.reconcile.ratelimit import Bucket


def test_a_full_bucket_gives_its_burst_at_once():
    bucket = Bucket(rate=1, burst=3)
    assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]


def test_tokens_come_back_at_their_rate():
    bucket = Bucket(rate=0.125, burst=1)
    assert bucket.take(0)
    assert bucket.wait(4) == 4.0
    assert not bucket.take(7.9)
    assert bucket.take(8)


def test_no_more_than_the_burst_is_saved_up():
    bucket = Bucket(rate=1, burst=2)
    assert [bucket.take(1000) for _ in range(3)] == [True, True, False]


def test_a_rate_of_nothing_never_gives_again():
    bucket = Bucket(rate=0, burst=1)
    bucket.take(0)
    assert bucket.wait(1e9) == float("inf")


def test_a_clock_that_stands_still_gives_nothing():
    bucket = Bucket(rate=1, burst=1)
    assert bucket.take(5)
    assert not bucket.take(5)
    assert bucket.wait(5) == 1.0


@given(st.lists(st.floats(0, 100), max_size=60))
def test_never_more_than_burst_and_rate_allow(times):
    bucket = Bucket(rate=0.5, burst=4)
    taken = sum(bucket.take(at) for at in sorted(times))
    assert taken <= 4 + 0.5 * max(times, default=0) + 1e-6
