from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from pyk8s.api.openapi import OpenApi
from pyk8s.api.resources import Resource, Resources
from pyk8s.api.schema import Schema

OPENAPI = OpenApi(Resources.builtin())
CORE = orjson.loads(OPENAPI.document("api/v1") or b"{}")
APPS = orjson.loads(OPENAPI.document("apis/apps/v1") or b"{}")
SWAGGER = orjson.loads(OPENAPI.swagger())
PATHS = sorted(OPENAPI.hashes())


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_group_version_has_a_document_and_a_hash() -> None:
    assert "api/v1" in PATHS and "apis/apps/v1" in PATHS and "apis/autoscaling/v2" in PATHS
    assert len(set(OPENAPI.hashes().values())) == len(PATHS)


@pytest.mark.parametrize("path", PATHS)
def test_a_document_refers_only_to_what_it_holds(path: str) -> None:
    document = orjson.loads(OPENAPI.document(path) or b"{}")
    held = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= held
    assert document["paths"]


@pytest.mark.parametrize("path", ["", "api", "api/v2", "apis/apps", "apis/apps/v2", "apis//v1", "apis/x/v1"])
def test_there_is_no_document_where_nothing_is_served(path: str) -> None:
    assert OPENAPI.document(path) is None


def test_the_kind_of_a_resource_stands_on_its_operations() -> None:
    kind = {"group": "", "kind": "Pod", "version": "v1"}
    for path in ("/api/v1/pods", "/api/v1/namespaces/{namespace}/pods", "/api/v1/namespaces/{namespace}/pods/{name}"):
        assert CORE["paths"][path]["get"]["x-kubernetes-group-version-kind"] == kind
    pod = CORE["components"]["schemas"]["io.k8s.api.core.v1.Pod"]
    assert pod["x-kubernetes-group-version-kind"] == [kind]


@pytest.mark.parametrize("verb", ["post", "put", "patch"])
def test_writes_take_the_parameter_by_which_clients_see_that_fields_are_validated(verb: str) -> None:
    path = "/apis/apps/v1/namespaces/{namespace}/deployments" + ("" if verb == "post" else "/{name}")
    assert "fieldValidation" in {one["name"] for one in APPS["paths"][path][verb]["parameters"]}


def test_a_patch_names_the_forms_it_takes() -> None:
    content = APPS["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]["requestBody"][
        "content"
    ]
    assert "application/strategic-merge-patch+json" in content
    assert "application/apply-patch+yaml" in content


def test_subresources_have_the_kind_they_take() -> None:
    paths = CORE["paths"]
    pod = "/api/v1/namespaces/{namespace}/pods/{name}"
    eviction = paths[f"{pod}/eviction"]["post"]["x-kubernetes-group-version-kind"]
    assert eviction == {"group": "policy", "kind": "Eviction", "version": "v1"}
    assert set(paths[f"{pod}/status"]) == {"get", "put", "patch", "parameters"}
    assert set(paths[f"{pod}/exec"]) == {"get", "parameters"}
    scale = APPS["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"]["get"]
    assert scale["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith("autoscaling.v1.Scale")


def test_operations_have_names_of_their_own() -> None:
    names = [op["operationId"] for item in CORE["paths"].values() for verb, op in item.items() if verb != "parameters"]
    assert len(names) == len(set(names))


def test_a_reference_with_a_description_is_wrapped() -> None:
    spec = CORE["components"]["schemas"]["io.k8s.api.core.v1.Pod"]["properties"]["spec"]
    assert spec["allOf"] == [{"$ref": "#/components/schemas/io.k8s.api.core.v1.PodSpec"}]
    assert "$ref" not in spec and spec["description"]


def test_types_are_single_and_merge_keys_are_told() -> None:
    containers = CORE["components"]["schemas"]["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]
    assert (containers["type"], containers["x-kubernetes-patch-merge-key"]) == ("array", "name")
    kind = CORE["components"]["schemas"]["io.k8s.api.core.v1.Pod"]["properties"]["kind"]
    assert kind["type"] == "string" and "enum" not in kind


def test_version_two_holds_everything_in_its_own_form() -> None:
    assert SWAGGER["swagger"] == "2.0"
    held = {f"#/definitions/{name}" for name in SWAGGER["definitions"]}
    assert set(references(SWAGGER)) <= held
    assert not any("oneOf" in definition for definition in SWAGGER["definitions"].values())
    patch = SWAGGER["paths"]["/api/v1/namespaces/{namespace}/pods/{name}"]["patch"]
    assert "application/strategic-merge-patch+json" in patch["consumes"]


def test_the_documents_follow_the_table() -> None:
    table, schema = Resources.builtin(), Schema.builtin().copy()
    openapi = OpenApi(table, schema)
    assert openapi.document("apis/example.com/v1") is None
    before = openapi.swagger()
    schema.add("example.Widget", {"type": "object", "properties": {"size": {"type": "integer"}}})
    table.add(Resource("example.com", "v1", "Widget", "widgets", "widget", True, "example.Widget"))
    document = orjson.loads(openapi.document("apis/example.com/v1") or b"{}")
    assert document["components"]["schemas"]["example.Widget"]["properties"]["size"] == {"type": "integer"}
    assert "apis/example.com/v1" in openapi.hashes()
    assert openapi.swagger() != before
