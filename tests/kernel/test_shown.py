"""Lines planned beside lines found: every difference, and what was counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pyk8s.kernel.shown import Line, Row, beside, compare, packets_by_step


def line(text, packets=None, key=None):
    return Line(text, text.partition("=")[2] or text, packets, key, step=text)


A, B, C = line("a"), line("b"), line("c")
X1, X2 = line("x=1", key="x"), line("x=2", key="x")


@pytest.mark.parametrize(
    ("planned", "found", "rows"),
    [
        pytest.param((A, B), (A, B), [], id="the same"),
        pytest.param((A, B), (A,), [Row("missing", "p", planned="b")], id="one is missing"),
        pytest.param((A,), (A, line("b", 3)), [Row("surplus", "p", found="b", packets=3)], id="one too many"),
        pytest.param((A, B), (A, C), [Row("changed", "p", "b", "c")], id="another in its place"),
        pytest.param(
            (A, B), (B, A), [Row("surplus", "p", found="b"), Row("missing", "p", planned="b")], id="another order"
        ),
        pytest.param((X1,), (X2,), [Row("changed", "p", "x=1", "x=2")], id="found by its key, and other"),
        pytest.param((X1, A), (A, X1), [], id="lines with a key have no order"),
        pytest.param(
            (A, B),
            (line("y"), line("the kernel's a=a"), line("the kernel's b=b")),
            [Row("surplus", "p", found="y")],
            id="the same in the kernel's own words",
        ),
        pytest.param((), (X1,), [Row("surplus", "p", found="x=1")], id="nobody planned it"),
    ],
)
def test_differences(planned, found, rows):
    assert list(compare({"p": planned}, {"p": found})) == rows


def test_a_place_that_is_not_there_lacks_all_its_lines():
    assert [row.place for row in compare({"p": (A, B)}, {"q": (C,)})] == ["p", "p", "q"]


def test_what_is_the_same_is_shown_too_with_its_packets():
    assert list(beside({"p": (A,)}, {"p": (line("a", 7),)})) == [Row("same", "p", "a", "a", 7)]


def test_packets_are_those_of_lines_that_are_there():
    counted = packets_by_step({"p": (A, B, X1)}, {"p": (line("a", 4), line("x=1", key="x"))})
    assert counted == {"a": 4, "x=1": None}


LINES = some.lists(some.sampled_from("abcd")).map(lambda names: tuple(line(name) for name in names))


@given(LINES, LINES)
def test_rows_account_for_every_line_once_and_in_order(planned, found):
    rows = list(beside({"p": planned}, {"p": found}))
    assert [row.planned for row in rows if row.planned] == [each.text for each in planned]
    assert [row.found for row in rows if row.found] == [each.text for each in found]
    assert (planned == found) == all(row.kind == "same" for row in rows)
