from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from random import Random

import pytest

from pyk8s.api import objectmeta as meta

NOON = datetime(2026, 1, 2, 12, 0, 0, 123456, tzinfo=UTC)
OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web-1", "uid": "u1"}}


def test_what_an_object_is_called() -> None:
    pod = {"metadata": {"name": "a", "namespace": "ns", "labels": {"x": "y"}}}
    assert (meta.name_of(pod), meta.namespace_of(pod), meta.key_of(pod)) == ("a", "ns", "ns/a")
    assert meta.labels_of(pod) == {"x": "y"}
    assert meta.key_of({"metadata": {"name": "n"}}) == "n"
    assert meta.name_of({}) == "" and meta.labels_of({"metadata": {"labels": None}}) == {}


def test_a_generated_name_is_the_base_and_five_characters() -> None:
    name = meta.generate_name("web-", Random(7))
    assert name.startswith("web-") and len(name) == 9
    assert name == meta.generate_name("web-", Random(7)) != meta.generate_name("web-", Random(8))


def test_a_generated_name_has_at_most_63_characters() -> None:
    assert len(meta.generate_name("a" * 100)) == 63


def test_the_controller_is_the_owner_that_manages() -> None:
    manager = meta.owner_reference(OWNER)
    friend = meta.owner_reference({**OWNER, "metadata": {"name": "f", "uid": "u2"}}, controller=False)
    pod = {"metadata": {"ownerReferences": [friend, manager]}}
    assert meta.controller_of(pod) == manager
    assert manager["controller"] is manager["blockOwnerDeletion"] is True
    assert "controller" not in friend
    assert meta.controller_of({"metadata": {"ownerReferences": [friend]}}) is None


def test_deletion_and_finalizers_are_seen() -> None:
    assert meta.is_being_deleted({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}})
    assert not meta.is_being_deleted({"metadata": {}})
    assert meta.has_finalizer({"metadata": {"finalizers": ["a"]}}, "a")
    assert not meta.has_finalizer({"metadata": {}}, "a")


def test_times_are_written_in_utc() -> None:
    east = NOON.astimezone(timezone(timedelta(hours=2)))
    assert meta.timestamp(east) == "2026-01-02T12:00:00Z"
    assert meta.micro_timestamp(east) == "2026-01-02T12:00:00.123456Z"
    assert meta.parse_time(meta.micro_timestamp(east)) == NOON


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no time: it must be as 2026"),
        ("noon", '"noon" is no time'),
        ("2026-01-02T12:00:00", "names no zone"),
        ("2026-13-01T00:00:00Z", "is no time"),
    ],
)
def test_what_is_no_time_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        meta.parse_time(text)


def test_a_condition_keeps_its_time_until_its_status_changes() -> None:
    first = meta.with_condition([], {"type": "Ready", "status": "False", "reason": "A"}, NOON)
    later = NOON + timedelta(seconds=5)
    same = meta.with_condition(first, {"type": "Ready", "status": "False", "reason": "B"}, later)
    assert same == [
        {"type": "Ready", "status": "False", "reason": "B", "lastTransitionTime": "2026-01-02T12:00:00Z"},
    ]
    changed = meta.with_condition([*same, {"type": "X", "status": "True"}], {"type": "Ready", "status": "True"}, later)
    assert [c["type"] for c in changed] == ["Ready", "X"]
    assert changed[0]["lastTransitionTime"] == "2026-01-02T12:00:05Z"
    assert first[0]["reason"] == "A", "the old conditions stay as they were"


def test_conditions_are_found_by_type() -> None:
    pod = {"status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Old", "status": "False"}]}}
    assert meta.is_condition_true(pod, "Ready")
    assert not meta.is_condition_true(pod, "Old")
    assert not meta.is_condition_true(pod, "Missing")
    assert meta.condition_of({}, "Ready") is None
