"""Tests shared among machines: each is handed out once, and each counts once."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vm.share import Deal, Tally, batches

TESTS = [f"tests/a.py::test_{number}" for number in range(5)] + ["tests/b.py::test_x[1]", "tests/b.py::test_x[2]"]


def said(**what):
    return json.dumps(what)


def ended(test, outcome="passed", why="", seconds=0.5):
    return said(test=test, outcome=outcome, why=why, seconds=seconds)


@pytest.mark.parametrize(
    ("largest", "wanted"),
    [(3, [[0, 1, 2], [3, 4], [5, 6]]), (10, [[0, 1, 2, 3, 4], [5, 6]]), (1, [[n] for n in range(7)])],
)
def test_a_batch_is_of_one_file_and_not_too_large(largest, wanted):
    assert batches(TESTS, largest) == wanted


@given(st.lists(st.sampled_from("abc")), st.integers(1, 4))
def test_batches_hold_every_test_once_in_order(files, largest):
    made = batches([f"tests/{name}.py::test" for name in files], largest)
    assert [index for batch in made for index in batch] == list(range(len(files)))


def test_machines_take_the_next_batch_until_there_is_none():
    deal = Deal()
    assert json.loads(deal.hear("one", said(collected=TESTS))) == [0, 1, 2, 3, 4]
    assert json.loads(deal.hear("two", said(collected=TESTS))) == [5, 6]
    assert deal.held("two") == TESTS[5:]
    assert json.loads(deal.hear("two", said(done=2))) == []
    assert json.loads(deal.hear("one", said(done=5))) == []
    assert deal.close() == []


def test_a_machine_with_other_tests_is_refused():
    deal = Deal()
    deal.hear("one", said(collected=TESTS))
    with pytest.raises(ValueError, match="two collected other tests"):
        deal.hear("two", said(collected=TESTS[1:]))


@pytest.mark.parametrize("line", ["Traceback (most recent call last):", "", '"text"', "7"])
def test_a_line_of_somebody_else_is_no_word_of_the_plugin(line):
    with pytest.raises(ValueError):
        Deal().hear("one", line)


def test_what_a_lost_machine_held_and_what_nobody_took_has_failed():
    deal = Deal()
    deal.hear("one", said(collected=TESTS))
    assert deal.hear("one", said(begun=TESTS[0])) is None
    assert deal.hear("one", ended(TESTS[0])) is None
    deal.hear("one", said(begun=TESTS[1]))
    assert deal.under_way["one"] == TESTS[1]
    assert deal.lost("one") == TESTS[1:5]
    assert deal.close() == TESTS[5:]
    assert deal.tally.line() == "1 passed, 6 failed"


def test_a_machine_that_is_lost_before_it_collected_holds_nothing():
    assert Deal().lost("one") == []


@pytest.mark.parametrize(
    ("reports", "line"),
    [
        (["passed"], "1 passed, 0 failed"),
        (["passed", "failed"], "0 passed, 1 failed"),
        (["failed", "passed"], "0 passed, 1 failed"),
        (["skipped"], "0 passed, 0 failed, 1 skipped"),
    ],
    ids=["call", "call, then tear-down", "set-up, then more", "skipped"],
)
def test_the_worst_report_of_a_test_counts(reports, line):
    tally = Tally()
    for outcome in reports:
        tally.add("t", outcome, "Skipped: no IPVS")
    assert tally.line() == line


def test_the_files_that_took_longest_are_told_set_up_and_all():
    tally = Tally()
    for name, outcome, seconds in (("a.py::x", "", 2.0), ("a.py::x", "passed", 1.5), ("b.py::y", "passed", 3.0)):
        tally.add(name, outcome, seconds=seconds)
    assert tally.longest(1) == [("a.py", 3.5)]
    assert tally.line() == "2 passed, 0 failed"


def test_reasons_of_skips_are_counted():
    tally = Tally()
    for name, why in (("a", "Skipped: no IPVS"), ("b", "Skipped: no IPVS"), ("c", "Skipped: no SCTP")):
        tally.add(name, "skipped", why)
    assert dict(tally.reasons) == {"no IPVS": 2, "no SCTP": 1}
