from datetime import UTC, datetime

import pytest

from pyk8s.cli.describe.event import last_seen, message, times

NOW = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        pytest.param({"lastTimestamp": "2026-05-04T11:59:55Z"}, "5s", id="once"),
        pytest.param(
            {"lastTimestamp": "2026-05-04T11:59:55Z", "firstTimestamp": "2026-05-04T11:58:00Z", "count": 3},
            "5s (x3 over 2m)",
            id="three times, in the form of core",
        ),
        pytest.param(
            {
                "eventTime": "2026-05-04T11:50:00.000000Z",
                "series": {"count": 2, "lastObservedTime": "2026-05-04T11:59:00.000000Z"},
            },
            "60s (x2 over 10m)",
            id="twice, in the form of events.k8s.io",
        ),
        pytest.param({}, "<unknown>", id="one that says nothing"),
    ],
)
def test_an_event_says_when_and_how_often(event, text):
    assert times(event, NOW) == text


def test_the_last_observation_of_a_series_counts():
    event = {"lastTimestamp": "a", "eventTime": "b", "series": {"count": 2, "lastObservedTime": "c"}}
    assert last_seen(event) == "c"
    assert last_seen({"eventTime": "b"}) == "b"
    assert last_seen({}) == ""


def test_a_message_is_one_line_in_both_forms():
    assert message({"message": " a\nb "}) == "a b"
    assert message({"note": "c"}) == "c"
    assert message({}) == ""
