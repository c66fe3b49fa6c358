"""What a controller waits to see before it counts again."""

import pytest

from pyk8s.reconcile.expectations import TIMEOUT, Expectations


def test_nothing_expected_is_satisfied():
    assert Expectations().satisfied("a", 0)


def test_creations_are_counted_down():
    expectations = Expectations()
    expectations.expect("a", 0, creations=2)
    expectations.created("a")
    assert not expectations.satisfied("a", 0)
    expectations.created("a")
    assert expectations.satisfied("a", 0)


def test_deletions_are_known_by_uid():
    expectations = Expectations()
    expectations.expect("a", 0, deletions=["x", "y"])
    expectations.deleted("a", "x")
    expectations.deleted("a", "x")
    expectations.deleted("a", "other")
    assert not expectations.satisfied("a", 0)
    expectations.deleted("a", "y")
    assert expectations.satisfied("a", 0)


def test_more_than_was_expected_does_no_harm():
    expectations = Expectations()
    expectations.expect("a", 0, creations=1)
    expectations.created("a", 3)
    assert expectations.satisfied("a", 0)


@pytest.mark.parametrize(("later", "satisfied"), [(TIMEOUT - 1, False), (TIMEOUT, True)])
def test_what_never_comes_is_given_up(later, satisfied):
    expectations = Expectations()
    expectations.expect("a", 100, creations=1)
    assert expectations.satisfied("a", 100 + later) is satisfied


def test_controllers_do_not_share_expectations():
    expectations = Expectations()
    expectations.expect("a", 0, creations=1)
    expectations.created("b")
    assert expectations.satisfied("b", 0)
    assert not expectations.satisfied("a", 0)


def test_a_controller_that_is_gone_expects_nothing():
    expectations = Expectations()
    expectations.expect("a", 0, creations=1)
    expectations.forget("a")
    assert expectations.satisfied("a", 0)
