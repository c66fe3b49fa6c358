"""Silence is counted only while we could have heard something."""

import pytest

from pyk8s.controllers.nodelifecycle.watchfulness import Watchfulness


def listening(*answers, gap=10.0):
    made = Watchfulness(gap=gap)
    for at in answers:
        made.answered(at)
    return made


def test_a_node_never_heard_is_silent_since_listening_began():
    assert listening(5.0, 12.0).silence("n", 14.0) == 9.0


def test_a_sign_of_life_ends_the_silence():
    made = listening(0.0, 8.0)
    assert made.heard("n", "lease", "t1", 7.0)
    assert made.silence("n", 9.0) == 2.0


def test_the_same_sign_again_is_none():
    made = listening(0.0, 8.0)
    made.heard("n", "lease", "t1", 1.0)
    assert not made.heard("n", "lease", "t1", 7.0)
    assert made.silence("n", 9.0) == 8.0


def test_signs_of_several_sources_do_not_undo_one_another():
    made = listening(0.0, 8.0)
    made.heard("n", "lease", "t1", 1.0)
    made.heard("n", "status", "s1", 2.0)
    assert not made.heard("n", "lease", "t1", 8.0)
    assert made.silence("n", 9.0) == 7.0


def test_nothing_is_silent_before_the_api_has_answered():
    assert Watchfulness(gap=10.0).silence("n", 1e6) == 0.0


def test_a_failure_stops_the_count_and_the_next_answer_starts_it_anew():
    made = listening(0.0, 8.0, 16.0)
    made.heard("n", "lease", "t1", 1.0)
    made.failed()
    assert made.silence("n", 17.0) == 0.0
    assert made.answered(100.0)
    assert made.silence("n", 105.0) == 5.0


def test_a_pause_longer_than_the_gap_is_an_outage_of_our_own():
    made = listening(0.0, 8.0)
    made.heard("n", "lease", "t1", 1.0)
    assert made.silence("n", 30.0) == 0.0
    assert made.answered(30.0)
    assert made.silence("n", 31.0) == 1.0


@pytest.mark.parametrize("pause", [0.1, 5.0, 10.0])
def test_a_pause_within_the_gap_is_none(pause):
    made = listening(0.0)
    assert not made.answered(pause)
    assert made.silence("n", pause) == pause


def test_a_node_that_is_forgotten_begins_anew():
    made = listening(0.0, 8.0)
    made.heard("n", "lease", "t1", 7.0)
    made.forget("n")
    assert made.heard("n", "lease", "t1", 8.0)
