from __future__ import annotations

from typing import Any

import pytest

from pyk8s.api.errors import Cause
from pyk8s.api.resources import Resource, Resources
from pyk8s.api.schema import Schema
from pyk8s.api.validation.structural import Structure

STRUCTURE = Structure()
TABLE = Resources.builtin()
PODS = TABLE.resolve("pods")


def pod(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {"containers": [{"name": "a", "image": "i"}], **spec},
    }


def container(**fields: Any) -> dict[str, Any]:
    return pod(containers=[{"name": "a", **fields}])


def test_a_well_formed_object_is_clean() -> None:
    assert STRUCTURE.is_clean(PODS, pod())
    assert STRUCTURE.validate(PODS, pod()) == []
    assert STRUCTURE.unknown_fields(PODS, pod()) == []
    whole = pod()
    assert STRUCTURE.prune(PODS, whole) is whole


@pytest.mark.parametrize(
    ("obj", "field", "reason", "message"),
    [
        (pod(containers=[{"image": "i"}]), "spec.containers[0].name", "Required", "Required value"),
        (pod(hostNetwork="yes"), "spec.hostNetwork", "TypeInvalid", 'Invalid value: "yes": must be true or false'),
        (pod(containers={}), "spec.containers", "TypeInvalid", "Invalid value: object: must be a list"),
        (
            pod(terminationGracePeriodSeconds="7"),
            "spec.terminationGracePeriodSeconds",
            "TypeInvalid",
            'Invalid value: "7": must be a whole number',
        ),
        (
            container(ports=[{"containerPort": 2**31}]),
            "spec.containers[0].ports[0].containerPort",
            "Invalid",
            "Invalid value: 2147483648: must be at most 2147483647",
        ),
        (
            container(ports=[{"containerPort": -(2**31) - 1}]),
            "spec.containers[0].ports[0].containerPort",
            "Invalid",
            "Invalid value: -2147483649: must be at least -2147483648",
        ),
        (
            container(resources={"limits": {"cpu": "1x"}}),
            "spec.containers[0].resources.limits[cpu]",
            "Invalid",
            'Invalid value: "1x": quantities must match the regular expression '
            "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        (
            container(resources={"limits": {"cpu": True}}),
            "spec.containers[0].resources.limits[cpu]",
            "TypeInvalid",
            "Invalid value: true: must be a quantity such as 100m or 1Gi",
        ),
        (
            {**pod(), "metadata": {"creationTimestamp": "noon"}},
            "metadata.creationTimestamp",
            "Invalid",
            'Invalid value: "noon": must be a time in RFC 3339 form, such as 2026-01-02T03:04:05Z',
        ),
        (
            {**pod(), "kind": "Dog"},
            "kind",
            "NotSupported",
            'Unsupported value: "Dog": supported values: "Pod"',
        ),
        (
            {**pod(), "metadata": {"labels": {"a": 1}}},
            "metadata.labels[a]",
            "TypeInvalid",
            "Invalid value: 1: must be a string",
        ),
    ],
)
def test_what_is_wrong_is_told_by_path(obj: dict[str, Any], field: str, reason: str, message: str) -> None:
    assert STRUCTURE.validate(PODS, obj) == [Cause(f"FieldValue{reason}", message, field)]


def test_every_wrong_field_is_told() -> None:
    wrong = pod(hostNetwork=1, nodeName=2, containers=[{"image": 3}])
    fields = {cause.field for cause in STRUCTURE.validate(PODS, wrong)}
    assert fields == {
        "spec.hostNetwork",
        "spec.nodeName",
        "spec.containers[0].name",
        "spec.containers[0].image",
    }


def test_secret_data_must_be_base64() -> None:
    secrets = TABLE.resolve("secrets")
    good = {"metadata": {"name": "s"}, "data": {"a": "aGVsbG8=", "empty": ""}}
    assert STRUCTURE.validate(secrets, good) == []
    (cause,) = STRUCTURE.validate(secrets, {**good, "data": {"a": "%%%"}})
    assert cause.field == "data[a]" and "must be base64 data" in cause.message


def test_a_field_missing_in_status_is_nothing_wrong() -> None:
    assert STRUCTURE.validate(PODS, {**pod(), "status": {"conditions": [{"type": "Ready"}]}}) == []


def test_a_long_value_is_cut_in_the_message() -> None:
    (cause,) = STRUCTURE.validate(PODS, pod(terminationGracePeriodSeconds="x" * 1000))
    assert len(cause.message) < 200


def test_unknown_fields_are_told_by_path() -> None:
    odd = {**pod(fooo=1, containers=[{"name": "a", "imagee": "x"}]), "extra": {}}
    odd["metadata"] = {"name": "web", "lables": {}, "labels": {"any": "thing"}}
    found = STRUCTURE.unknown_fields(PODS, odd)
    assert found == ["metadata.lables", "spec.containers[0].imagee", "spec.fooo", "extra"]


def test_pruning_drops_unknown_fields_and_nulls_and_changes_nothing_else() -> None:
    odd = pod(fooo=1, nodeName=None, containers=[{"name": "a", "image": "i", "args": ["x", None], "command": None}])
    before = repr(odd)
    assert STRUCTURE.prune(PODS, odd) == pod(containers=[{"name": "a", "image": "i", "args": ["x"]}])
    assert repr(odd) == before


def test_a_null_is_the_zero_value_where_one_is_needed() -> None:
    maps = TABLE.resolve("configmaps")
    assert STRUCTURE.prune(maps, {"data": {"a": None}})["data"] == {"a": ""}
    limits = TABLE.resolve("limits")
    assert STRUCTURE.prune(limits, {"spec": {"limits": None}}) == {"spec": {"limits": []}}
    assert STRUCTURE.prune(PODS, pod(securityContext=None)) == pod()


def test_what_has_no_schema_is_kept_as_it_is() -> None:
    revisions = TABLE.resolve("controllerrevisions")
    free = {"metadata": {"name": "r"}, "revision": 1, "data": {"any": {"thing": None}}}
    assert STRUCTURE.prune(revisions, free) == free
    bare = Resource("example.com", "v1", "Widget", "widgets", "widget", True, "")
    assert STRUCTURE.is_clean(bare, {"x": None})
    assert STRUCTURE.prune(bare, {"x": None}) == {"x": None}
    assert STRUCTURE.validate(bare, {"x": None}) == []
    assert STRUCTURE.unknown_fields(bare, {"x": None}) == []


def test_a_definition_added_later_is_validated_and_forgotten_when_it_changes() -> None:
    schema = Schema.builtin().copy()
    structure = Structure(schema)
    widget = Resource("example.com", "v1", "Widget", "widgets", "widget", True, "example.Widget")
    size: dict[str, Any] = {"type": "integer"}
    schema.add("example.Widget", {"type": "object", "properties": {"size": size, "name": {"type": "string"}}})
    assert structure.validate(widget, {"size": "x"})
    assert structure.unknown_fields(widget, {"size": 1, "b": 2}) == ["b"]
    schema.add("example.Widget", {"type": "object", "properties": {"size": {"type": "string", "nullable": True}}})
    structure.forget("example.Widget")
    assert structure.validate(widget, {"size": "x"}) == structure.validate(widget, {"size": None}) == []


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.plural}.{row.version}") for row in TABLE])
def test_every_built_in_kind_compiles(row: Resource) -> None:
    assert STRUCTURE.unknown_fields(row, {"metadata": {"name": "x"}, "whatever": 1}) == ["whatever"]
    assert STRUCTURE.validate(row, {"metadata": 7})
