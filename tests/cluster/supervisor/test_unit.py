"""Units as data."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.cluster.supervisor.unit import describe_exit, ordered, read_units
from tests.cluster.supervisor.rig import unit


def test_units_are_read_by_name_from_their_files(tmp_path):
    for each in (unit("b"), unit("a", node="n")):
        (tmp_path / f"{each.name}.json").write_bytes(msgspec.json.encode(each))
    (tmp_path / "notes.txt").write_text("not a unit")
    assert read_units(tmp_path) == {"a": unit("a", node="n"), "b": unit("b")}


def test_a_file_that_is_no_unit_is_refused(tmp_path):
    (tmp_path / "a.json").write_text('{"name": "a"}')
    with pytest.raises(msgspec.ValidationError):
        read_units(tmp_path)


def test_names_that_are_not_there_are_waited_for_by_nobody():
    assert [each.name for each in ordered({"a": unit("a", after=("gone",))})] == ["a"]


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20))
def test_an_order_puts_each_after_what_it_needs(pairs):
    needs = {
        f"u{number}": sorted({f"u{low}" for low, high in pairs if high == number and low < high}) for number in range(8)
    }
    units = {name: unit(name, after=tuple(after)) for name, after in needs.items()}
    names = [each.name for each in ordered(units)]
    assert sorted(names) == sorted(units)
    for name, after in needs.items():
        assert all(names.index(each) < names.index(name) for each in after)


@pytest.mark.parametrize(
    ("status", "words"),
    [(0, "exit code 0"), (2 << 8, "exit code 2"), (9, "killed by SIGKILL"), (15, "killed by SIGTERM")],
)
def test_ends_in_words(status, words):
    assert describe_exit(status) == words
