from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pyk8s.api.columns import values

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (59.9, "59s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (599, "9m59s"),
        (600, "10m"),
        (10799, "179m"),
        (10800, "3h"),
        (11000, "3h3m"),
        (28800, "8h"),
        (172799, "47h"),
        (172800, "2d"),
        (180000, "2d2h"),
        (691200, "8d"),
        (63071999, "729d"),
        (63072000, "2y"),
        (64000000, "2y10d"),
        (252288000, "8y"),
    ],
)
def test_a_duration_is_told_in_short(seconds: float, text: str) -> None:
    assert values.human_duration(seconds) == text


def test_an_age_counts_from_the_creation() -> None:
    assert values.age({"metadata": {"creationTimestamp": "2026-01-02T11:58:30Z"}}, NOON) == "90s"
    assert values.age({}, NOON) == "<unknown>"


@pytest.mark.parametrize(
    ("items", "text"), [([], "-"), (["a"], "a"), (["a", "b", "c"], "a,b,c"), (list("abcde"), "a,b,c + 2 more...")]
)
def test_a_long_list_is_cut(items: list[str], text: str) -> None:
    assert values.shortened(items, "-") == text


def test_labels_and_selectors_are_written_or_none() -> None:
    assert values.labels({"b": "2", "a": "1"}) == "a=1,b=2"
    assert values.labels(None) == "<none>"
    assert values.selector(None) == values.selector({}) == "<none>"
    expressions = [{"key": "b", "operator": "NotIn", "values": ["1", "2"]}]
    assert values.selector({"matchLabels": {"a": "1"}, "matchExpressions": expressions}) == "a=1,b notin (1,2)"
    assert values.selector({"matchExpressions": [{"key": "b", "operator": "?"}]}) == "<error>"


def test_an_ipv6_address_stands_in_brackets_before_its_port() -> None:
    assert values.with_port("10.0.0.1", 80) == "10.0.0.1:80"
    assert values.with_port("fd00::1", 80) == "[fd00::1]:80"


def test_a_column_says_its_type_and_priority_in_its_name() -> None:
    name, wide, count = values.columns("Name", "+Node", "Ready:integer")
    assert (name.format, name.priority, name.type) == ("name", 0, "string")
    assert (wide.name, wide.priority) == ("Node", 1)
    assert (count.name, count.type) == ("Ready", "integer")
