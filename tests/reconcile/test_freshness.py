"""Own writes that a cache does not show yet."""

import pytest

from pyk8s.reconcile.freshness import PATIENCE, Freshness


def test_what_was_never_written_is_as_fresh_as_it_gets():
    assert not Freshness().is_behind("a", "1", 0)


@pytest.mark.parametrize(
    ("shown", "behind"), [("1", True), ("2", False), ("7", False)], ids=["as it was", "our write", "a later one"]
)
def test_a_cache_is_behind_while_it_shows_what_was_written_over(shown, behind):
    freshness = Freshness()
    freshness.wrote("a", "1", "2", 0)
    assert freshness.is_behind("a", shown, 0) is behind


def test_it_is_behind_no_longer_once_it_has_caught_up():
    freshness = Freshness()
    freshness.wrote("a", "1", "2", 0)
    assert not freshness.is_behind("a", "2", 0)
    assert not freshness.is_behind("a", "1", 0)


def test_an_object_that_was_made_is_waited_for():
    freshness = Freshness()
    freshness.wrote("a", "", "1", 0)
    assert freshness.is_behind("a", "", 0)
    assert not freshness.is_behind("a", "1", 0)


def test_a_write_that_changed_nothing_is_not_waited_for():
    freshness = Freshness()
    freshness.wrote("a", "1", "1", 0)
    assert not freshness.is_behind("a", "1", 0)


@pytest.mark.parametrize(("later", "behind"), [(PATIENCE - 0.1, True), (PATIENCE, False)])
def test_an_event_that_never_comes_is_given_up(later, behind):
    freshness = Freshness()
    freshness.wrote("a", "1", "2", 100)
    assert freshness.is_behind("a", "1", 100 + later) is behind


def test_objects_are_known_apart():
    freshness = Freshness()
    freshness.wrote("a", "1", "2", 0)
    assert not freshness.is_behind("b", "1", 0)
