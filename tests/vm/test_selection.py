"""Which tests run in a machine."""

from pathlib import Path

import pytest

from vm.selection import ELSEWHERE, KERNEL_TESTS, LISTED, TIMED, files_of, flow_tests

TOP = Path(__file__).parents[2]


@pytest.mark.parametrize("test", [*TIMED, *ELSEWHERE])
def test_what_is_left_out_is_there_to_be_left_out(test):
    file, _, rest = test.partition("::")
    assert f"def {rest.partition('[')[0]}" in (TOP / file).read_text()
    assert test in LISTED


@pytest.mark.parametrize("mode", ["iptables", "ipvs", "nftables"])
def test_every_mode_has_its_table(mode):
    assert (TOP / flow_tests(mode)[-1]).is_file()


def test_whatever_is_looked_through_is_there():
    assert all((TOP / path).exists() for path in KERNEL_TESTS[2:])


def test_files_are_those_with_tests_and_those_that_failed_to_be_read():
    text = """tests/a.py::test_x[1]
tests/a.py::test_x[2]
tests/b.py::test_y

==== ERRORS ====
ERROR tests/c.py - ImportError: no
ERROR tests/d.py::test_z
3/5 tests collected (2 deselected), 1 error in 0.3s
"""
    assert files_of(text) == ["tests/a.py", "tests/b.py", "tests/c.py", "tests/d.py"]
