from __future__ import annotations

import pytest

from pyk8s.api.validation.batch import schedule_problem


@pytest.mark.parametrize(
    "text",
    ["* * * * *", "*/5 0-12 1,15 jan-mar MON", "0 0 1 1 0", "? * * * ?", "0-30/10 * * * *", "@hourly", "@every 1h30m"],
)
def test_a_schedule_that_can_be_read(text: str) -> None:
    assert schedule_problem(text) == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("* * *", "expected exactly 5 fields, found 3: [* * *]"),
        ("60 * * * *", "end of range (60) above maximum (59)"),
        ("* * 0 * *", "beginning of range (0) below minimum (1)"),
        ("* * * * 7", "end of range (7) above maximum (6)"),
        ("a * * * *", "failed to parse number: a"),
        ("5-1 * * * *", "beginning of range (5) beyond end of range (1)"),
        ("1-x * * * *", "failed to parse number: 1-x"),
        ("*/0 * * * *", "step of range should be a positive number"),
        ("@sometimes", "unrecognized descriptor: @sometimes"),
        ("CRON_TZ=UTC * * * * *", "cannot use TZ or CRON_TZ"),
    ],
)
def test_a_schedule_that_cannot_be_read_says_why(text: str, problem: str) -> None:
    assert schedule_problem(text).startswith(problem)
