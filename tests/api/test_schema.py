from __future__ import annotations

import pytest

from pyk8s.api import fieldpath, schema
from pyk8s.api.resources import Resources
from pyk8s.api.schema import DefinitionUnknown, Schema, SchemaUnavailable

SCHEMA = Schema.builtin()
POD = "io.k8s.api.core.v1.Pod"
CUSTOM = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["size"],
            "properties": {
                "size": {"type": "integer", "description": "How big."},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "parts": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
                "port": {"x-kubernetes-int-or-string": True},
            },
        }
    },
}


def test_every_built_in_kind_has_a_definition() -> None:
    missing = [row.definition for row in Resources.builtin() if row.definition not in SCHEMA]
    assert missing == []


def test_the_definitions_are_loaded_once() -> None:
    assert Schema.builtin() is SCHEMA
    assert len(list(SCHEMA)) > 800


@pytest.mark.parametrize(
    ("path", "type_"),
    [
        ("spec", "object"),
        ("spec.containers", "list"),
        ("spec.containers.image", "string"),
        ("spec.containers.resources.limits", "map"),
        ("spec.containers.resources.limits.cpu", "quantity"),
        ("spec.containers.livenessProbe.httpGet.port", "int-or-string"),
        ("spec.hostNetwork", "boolean"),
        ("spec.terminationGracePeriodSeconds", "integer"),
        ("metadata.labels.anything", "string"),
        ("metadata.managedFields.fieldsV1", "any"),
        ("", "object"),
    ],
)
def test_a_path_leads_to_a_shape(path: str, type_: str) -> None:
    shape = SCHEMA.field(POD, path)
    assert shape is not None
    assert shape.type == type_


@pytest.mark.parametrize("path", ["nothing", "spec.nothing", "spec.hostNetwork.x", "spec.nothing.x"])
def test_a_path_that_leads_nowhere_has_no_shape(path: str) -> None:
    assert SCHEMA.field(POD, path) is None


def test_a_shape_says_how_its_list_is_merged() -> None:
    containers, ports = SCHEMA.field(POD, "spec.containers"), SCHEMA.field(POD, "spec.containers.ports")
    finalizers, volumes = SCHEMA.field(POD, "metadata.finalizers"), SCHEMA.field(POD, "spec.volumes")
    assert containers and ports and finalizers and volumes
    assert (containers.merge_key, ports.merge_key) == ("name", "containerPort")
    assert finalizers.strategies == {"merge"} and not finalizers.merge_key
    assert volumes.strategies == {"merge", "retainKeys"}


def test_a_shape_says_what_is_required_and_what_it_is_for() -> None:
    containers, time = SCHEMA.field(POD, "spec.containers"), SCHEMA.field(POD, "metadata.creationTimestamp")
    assert containers and time
    assert containers.items.required == {"name"}
    assert "There must be at least one container" in containers.description
    assert time.format == "date-time"
    assert SCHEMA.shape(POD).description.startswith("Pod is a collection")
    kind = SCHEMA.field(POD, "kind")
    assert kind and kind.enum == ("Pod",)


def test_recursive_definitions_end() -> None:
    name = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"
    assert name in SCHEMA.closure(name)
    shape = SCHEMA.field(name, "properties.a.properties.b.type")
    assert shape and shape.type == "string"


def test_an_unknown_definition_is_told() -> None:
    with pytest.raises(DefinitionUnknown):
        SCHEMA.shape("io.example.Nothing")


def test_a_copy_takes_definitions_of_its_own() -> None:
    mine = SCHEMA.copy()
    mine.add("example.Widget", CUSTOM)
    assert "example.Widget" in mine and "example.Widget" not in SCHEMA
    free, size = mine.field("example.Widget", "spec.free"), mine.field("example.Widget", "spec.size")
    name, port = mine.field("example.Widget", "spec.parts.name"), mine.field("example.Widget", "spec.port")
    assert free and size and name and port
    assert free.preserves_unknown and not size.preserves_unknown
    assert (size.type, size.description, name.type, port.type) == ("integer", "How big.", "string", "int-or-string")
    mine.add("example.Widget", {"type": "object"})
    assert mine.field("example.Widget", "spec.size") is not size


def test_missing_definitions_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "RELEASE", "v9.99.0")
    with pytest.raises(SchemaUnavailable, match=r"pip install 'kubernetes-validate==9\.99\.0'"):
        schema._definitions_file()


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        (["spec", "containers", 0, "name"], "spec.containers[0].name"),
        (["metadata", "labels", "app"], "metadata.labels[app]"),
        (["spec", "containers", 1, "resources", "limits", "cpu"], "spec.containers[1].resources.limits[cpu]"),
        ([], ""),
        (["unknown", "x"], "unknown.x"),
    ],
)
def test_a_path_is_written_as_errors_name_it(steps: list[str | int], path: str) -> None:
    assert fieldpath.describe(SCHEMA.shape(POD), steps) == path
