from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pyk8s.api.columns import table
from pyk8s.api.columns.paths import PathInvalid, first
from pyk8s.api.columns.tables import PRINTERS, printer_of
from pyk8s.api.resources import Column, Resource, Resources

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)
TABLE = Resources.builtin()
PODS = TABLE.resolve("pods")
OBJECT: dict[str, Any] = {
    "metadata": {"name": "x", "creationTimestamp": "2026-01-02T11:59:00Z", "labels": {"a.b/c": "1"}},
    "spec": {"size": 3, "on": True, "parts": [{"name": "p"}, {"name": "q"}]},
    "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Old", "status": "False"}]},
}


def test_a_table_has_definitions_and_rows_that_fit() -> None:
    found = table(PODS, [OBJECT], NOON)
    assert (found["kind"], found["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert len(found["columnDefinitions"]) == len(found["rows"][0]["cells"])
    assert found["columnDefinitions"][0]["format"] == "name"


def test_a_row_carries_what_was_asked_for() -> None:
    (metadata,) = table(PODS, [OBJECT], NOON)["rows"]
    (whole,) = table(PODS, [OBJECT], NOON, include="Object")["rows"]
    (bare,) = table(PODS, [OBJECT], NOON, include="None")["rows"]
    assert metadata["object"]["kind"] == "PartialObjectMetadata"
    assert metadata["object"]["metadata"] == OBJECT["metadata"]
    assert whole["object"] is OBJECT
    assert "object" not in bare


def test_a_pod_that_is_over_has_a_condition_in_its_row() -> None:
    (row,) = table(PODS, [{"metadata": {"name": "x"}, "status": {"phase": "Failed"}}], NOON)["rows"]
    assert row["conditions"][0]["reason"] == "Failed"


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.plural}.{row.version}") for row in TABLE])
def test_an_object_with_nothing_in_it_can_be_printed(row: Resource) -> None:
    (found,) = table(row, [{}], NOON)["rows"]
    assert len(found["cells"]) == len(printer_of(row).columns)


def test_every_printer_belongs_to_a_kind_that_is_served() -> None:
    served = {(row.group, row.kind) for row in TABLE} | {("autoscaling", "Scale")}
    assert set(PRINTERS) <= served


def test_a_custom_resource_is_printed_as_its_definition_says() -> None:
    declared = (
        Column("Size", type="integer", json_path=".spec.size"),
        Column("On", type="boolean", json_path=".spec.on"),
        Column("Ready", json_path='.status.conditions[?(@.type=="Ready")].status'),
        Column("Parts", json_path=".spec.parts", priority=1),
        Column("Missing", json_path=".spec.missing"),
        Column("Odd", type="integer", json_path=".metadata.name"),
        Column("Age", type="date", json_path=".metadata.creationTimestamp"),
        Column("Bad", type="date", json_path=".metadata.name"),
    )
    widget = Resource("example.com", "v1", "Widget", "widgets", "widget", True, "", columns=declared)
    found = table(widget, [OBJECT], NOON)
    parts = '[{"name":"p"},{"name":"q"}]'
    assert found["rows"][0]["cells"] == ["x", 3, True, "True", parts, None, None, "60s", "<invalid>"]
    assert [column["priority"] for column in found["columnDefinitions"]][4] == 1


def test_a_custom_resource_without_columns_has_name_and_age() -> None:
    widget = Resource("example.com", "v1", "Widget", "widgets", "widget", True, "")
    assert table(widget, [OBJECT], NOON)["rows"][0]["cells"] == ["x", "60s"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (".spec.size", 3),
        ("{.spec.size}", 3),
        ("spec.size", 3),
        ("$.spec.size", 3),
        (".spec.parts[1].name", "q"),
        (".spec.parts[-1].name", "q"),
        (".spec.parts[*].name", "p"),
        (".spec.parts[5].name", None),
        (".metadata.labels['a.b/c']", "1"),
        (r".metadata.labels.a\.b/c", "1"),
        ('.spec.parts[?(@.name=="q")].name', "q"),
        ('.spec.parts[?(@.name=="z")].name', None),
        (".spec.on[*]", None),
        (".metadata.labels[*]", "1"),
        ("", OBJECT),
    ],
)
def test_a_path_leads_to_a_value(path: str, value: Any) -> None:
    assert first(path, OBJECT) == value


@pytest.mark.parametrize("path", [".spec[", ".spec[?(@.a>1)]", ".a..b", ".a[x]"])
def test_a_path_that_cannot_be_read_is_told(path: str) -> None:
    with pytest.raises(PathInvalid):
        first(path, OBJECT)
