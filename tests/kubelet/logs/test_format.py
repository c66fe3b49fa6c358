"""Lines of the CRI logging format."""

import pytest

from pyk8s.kubelet.logs.format import Line, moment, parse_line, shown


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (
            b"2026-01-02T03:04:05.123456789Z stdout F hello\n",
            Line(b"2026-01-02T03:04:05.123456789Z", "stdout", False, b"hello\n"),
        ),
        (b"T stderr P part", Line(b"T", "stderr", True, b"part")),
        (b"T stdout F \n", Line(b"T", "stdout", False, b"\n")),
        (b"T stdout F", Line(b"T", "stdout", False, b"\n")),
        (b"T stdout F two  spaces", Line(b"T", "stdout", False, b"two  spaces\n")),
        (b"T stdout P:X part", Line(b"T", "stdout", True, b"part")),
        (b"garbage", None),
        (b"", None),
        (b"T stdin F x", None),
    ],
)
def test_a_line_is_read(raw, line):
    assert parse_line(raw) == line


def test_times_have_up_to_nine_digits():
    assert moment(b"1970-01-01T00:00:01.5Z") == 1.5
    assert moment("1970-01-01T00:00:01.123456789Z") == pytest.approx(1.123456)
    assert moment("1970-01-01T01:00:01+01:00") == 1.0
    with pytest.raises(ValueError, match="yesterday"):
        moment("yesterday")


def test_a_time_stands_where_a_line_begins():
    line = Line(b"T", "stdout", True, b"part")
    assert shown(line, timestamps=True, begins=True) == b"T part"
    assert shown(line, timestamps=True, begins=False) == b"part"
    assert shown(line, timestamps=False, begins=True) == b"part"
