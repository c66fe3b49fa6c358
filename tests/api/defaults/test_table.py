from __future__ import annotations

import json

import pytest

from pyk8s.api.defaults import apply_defaults
from pyk8s.api.defaults.table import DEFAULTS
from pyk8s.api.resources import Resource, Resources
from pyk8s.api.validation.structural import Structure

TABLE = Resources.builtin()
STRUCTURE = Structure()
ROWS = [row for row in TABLE if (row.api_version, row.kind) in DEFAULTS]


def test_every_function_belongs_to_a_kind_that_is_served() -> None:
    assert len(ROWS) == len(DEFAULTS)


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.plural}.{row.version}") for row in ROWS])
def test_defaults_are_the_same_twice_and_fit_the_schema(row: Resource) -> None:
    once = apply_defaults(row, {"apiVersion": row.api_version, "kind": row.kind, "metadata": {}})
    text = json.dumps(once)
    assert json.dumps(apply_defaults(row, once)) == text
    assert STRUCTURE.unknown_fields(row, once) == []
    wrong = [cause for cause in STRUCTURE.validate(row, once) if cause.reason != "FieldValueRequired"]
    assert wrong == []
