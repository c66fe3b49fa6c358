from __future__ import annotations

import pytest

from pyk8s.api.intorstring import IntOrString, ShareInvalid, percent, scaled


@pytest.mark.parametrize(
    ("value", "total", "up", "down"),
    [(1, 10, 1, 1), ("25%", 10, 3, 2), ("0%", 10, 0, 0), ("100%", 7, 7, 7), ("1%", 1, 1, 0), ("150%", 3, 5, 4)],
)
def test_a_share_is_rounded_as_asked(value: IntOrString, total: int, up: int, down: int) -> None:
    assert scaled(value, total, round_up=True) == up
    assert scaled(value, total, round_up=False) == down


@pytest.mark.parametrize("value", ["3", "%", "a%", "1.5%", "", "٣%", True])
def test_what_is_neither_number_nor_percentage_is_refused(value: IntOrString) -> None:
    with pytest.raises(ShareInvalid):
        scaled(value, 10, round_up=True)


def test_a_plain_number_is_no_percentage() -> None:
    assert percent(5) is None
    assert percent("5%") == 5
