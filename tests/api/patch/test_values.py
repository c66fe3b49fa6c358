from __future__ import annotations

from typing import Any

import pytest

from pyk8s.api.patch.values import same


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1.0, True),
        (True, True, True),
        (True, 1, False),
        (0, False, False),
        (None, None, True),
        (None, False, False),
        ("a", "a", True),
        ("1", 1, False),
        ({"a": 1, "b": [1]}, {"b": [1.0], "a": 1}, True),
        ({"a": True}, {"a": 1}, False),
        ({"a": 1}, {"b": 1}, False),
        ([1, 2], [2, 1], False),
        ([1], [1, 2], False),
        ([], {}, False),
    ],
)
def test_values_are_equal_as_json_is(one: Any, other: Any, equal: bool) -> None:
    assert same(one, other) is equal
    assert same(other, one) is equal
