"""Promises that every kind keeps, on objects made at random from its schema."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyk8s.api.columns import table
from pyk8s.api.defaults import apply_defaults
from pyk8s.api.patch import merge_patch, three_way
from pyk8s.api.resources import Resource, Resources
from pyk8s.api.validation.rules import judge
from pyk8s.api.validation.structural import Structure
from tests.api.generated import SCHEMA, objects

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)
STRUCTURE = Structure()
ROWS = [pytest.param(row, id=f"{row.plural}.{row.version}") for row in Resources.builtin()]
FEW = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@pytest.mark.parametrize("row", ROWS)
def test_an_object_of_the_right_types_is_clean_and_defaults_keep_its_types(row: Resource) -> None:
    @FEW
    @given(objects(row.definition))
    def promise(obj: dict[str, Any]) -> None:
        assert STRUCTURE.validate(row, obj) == []
        assert STRUCTURE.is_clean(row, obj)
        assert STRUCTURE.prune(row, obj) is obj
        filled = apply_defaults(row, obj)
        assert {cause.reason for cause in STRUCTURE.validate(row, filled)} <= {"FieldValueRequired"}
        assert STRUCTURE.unknown_fields(row, filled) == []
        once = orjson.dumps(filled)
        assert orjson.dumps(apply_defaults(row, filled)) == once, "defaults are the same twice"

    promise()


@pytest.mark.parametrize("row", ROWS)
def test_every_object_of_the_right_types_can_be_judged_and_printed(row: Resource) -> None:
    @FEW
    @given(objects(row.definition), objects(row.definition))
    def promise(new: dict[str, Any], old: dict[str, Any]) -> None:
        before = orjson.dumps([new, old])
        causes = [*judge(row, new), *judge(row, new, old)]
        assert all(cause.message and cause.reason.startswith("FieldValue") for cause in causes)
        (printed,) = table(row, [new], NOON)["rows"]
        assert len(printed["cells"]) == len(table(row, [], NOON)["columnDefinitions"])
        assert orjson.dumps([new, old]) == before, "nothing is changed by looking"

    promise()


@pytest.mark.parametrize("row", ROWS)
def test_nulls_and_unknown_fields_are_all_that_pruning_takes(row: Resource) -> None:
    @FEW
    @given(objects(row.definition), st.sampled_from(["nothing", "odd", "x.y"]))
    def promise(obj: dict[str, Any], name: str) -> None:
        whole = deepcopy(obj)
        assert STRUCTURE.unknown_fields(row, {**obj, name: 1}) == [name]
        assert STRUCTURE.prune(row, {**obj, name: 1, "metadata": None}) == {
            key: value for key, value in whole.items() if key != "metadata"
        } | ({"metadata": {}} if "metadata" in SCHEMA.shape(row.definition).required else {})

    promise()


@pytest.mark.parametrize("row", ROWS)
def test_a_patch_between_two_objects_without_a_schema_leads_from_one_to_the_other(row: Resource) -> None:
    @FEW
    @given(objects(row.definition), objects(row.definition))
    def promise(old: dict[str, Any], new: dict[str, Any]) -> None:
        after = merge_patch(old, three_way(None, old, new, old))
        assert merge_patch(after, three_way(None, new, new, after)) == after
        assert three_way(None, new, new, after) == {}

    promise()
