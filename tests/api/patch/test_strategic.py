from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from pyk8s.api.patch import PatchInvalid, strategic_merge_patch
from pyk8s.api.schema import Schema

POD = Schema.builtin().shape("io.k8s.api.core.v1.Pod")
DEPLOYMENT = Schema.builtin().shape("io.k8s.api.apps.v1.Deployment")
SERVICE = Schema.builtin().shape("io.k8s.api.core.v1.Service")


def spec(**fields: Any) -> dict[str, Any]:
    return {"spec": fields}


def named(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"name": name, **more} for name in names]


@pytest.mark.parametrize(
    ("document", "patch", "expected"),
    [
        pytest.param(
            spec(containers=[{"name": "a", "image": "i:1"}, {"name": "b", "image": "j:1"}]),
            spec(containers=[{"name": "b", "image": "j:2"}]),
            spec(containers=[{"name": "a", "image": "i:1"}, {"name": "b", "image": "j:2"}]),
            id="containers are merged by name",
        ),
        pytest.param(
            spec(containers=named("a")),
            spec(containers=named("b", image="i", command=None)),
            spec(containers=[{"name": "a"}, {"name": "b", "image": "i"}]),
            id="a new container is appended, without nulls",
        ),
        pytest.param(
            spec(containers=named("a", "b")),
            spec(containers=[{"name": "a", "$patch": "delete"}]),
            spec(containers=named("b")),
            id="a container is deleted by directive",
        ),
        pytest.param(
            spec(containers=named("a", "b")),
            spec(containers=[{"$patch": "replace"}, {"name": "c"}]),
            spec(containers=named("c")),
            id="a list is replaced by directive",
        ),
        pytest.param(
            spec(containers=[{"name": "a", "args": ["x", "y"]}]),
            spec(containers=[{"name": "a", "args": ["z"]}]),
            spec(containers=[{"name": "a", "args": ["z"]}]),
            id="a list without merge key is replaced",
        ),
        pytest.param(
            {"metadata": {"finalizers": ["a", "b"]}},
            {"metadata": {"finalizers": ["b", "c"]}},
            {"metadata": {"finalizers": ["a", "b", "c"]}},
            id="a list of plain values is united",
        ),
        pytest.param(
            {"metadata": {"finalizers": ["a", "b"]}},
            {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}},
            {"metadata": {"finalizers": ["b"]}},
            id="plain values are deleted by directive",
        ),
        pytest.param(
            {"metadata": {"labels": {"a": "1", "b": "2"}}},
            {"metadata": {"labels": {"a": None, "c": "3"}}},
            {"metadata": {"labels": {"b": "2", "c": "3"}}},
            id="null removes a field",
        ),
        pytest.param(
            {"metadata": {"labels": {"a": "1"}}},
            {"metadata": {"labels": {"$patch": "replace", "c": "3", "d": None}}},
            {"metadata": {"labels": {"c": "3"}}},
            id="a map is replaced by directive",
        ),
        pytest.param(
            {"metadata": {"labels": {"a": "1"}, "name": "n"}},
            {"metadata": {"labels": {"$patch": "delete"}}},
            {"metadata": {"labels": {}, "name": "n"}},
            id="a map is emptied by directive",
        ),
        pytest.param(
            spec(strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}),
            spec(strategy={"$retainKeys": ["type"], "type": "Recreate"}),
            spec(strategy={"type": "Recreate"}),
            id="only the retained keys stay",
        ),
        pytest.param(
            spec(volumes=[{"name": "v", "emptyDir": {}}]),
            spec(volumes=[{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/x"}}]),
            spec(volumes=[{"name": "v", "hostPath": {"path": "/x"}}]),
            id="a volume changes its source",
        ),
        pytest.param(
            spec(containers=named("a", "b", "c")),
            spec(**{"$setElementOrder/containers": named("c", "b"), "containers": named("b", image="i")}),
            spec(containers=[{"name": "a"}, {"name": "c"}, {"name": "b", "image": "i"}]),
            id="the order is set; what it does not name keeps its place",
        ),
        pytest.param(
            {"metadata": {"finalizers": ["a", "b"]}},
            {"metadata": {"$setElementOrder/finalizers": ["c", "b", "a"], "finalizers": ["c"]}},
            {"metadata": {"finalizers": ["c", "b", "a"]}},
            id="the order of plain values is set",
        ),
        pytest.param({}, spec(containers=named("a")), spec(containers=named("a")), id="what is not there is made"),
        pytest.param(spec(a=1), {"spec": {"a": None}}, {"spec": {}}, id="an unknown field is treated as a plain one"),
        pytest.param(spec(nodeName="x"), {}, spec(nodeName="x"), id="an empty patch changes nothing"),
        pytest.param(
            spec(containers=[{"name": "a", "env": [{"name": "X", "value": "1"}]}]),
            spec(containers=[{"name": "a", "env": [{"name": "X", "value": None, "valueFrom": {}}]}]),
            spec(containers=[{"name": "a", "env": [{"name": "X", "valueFrom": {}}]}]),
            id="merging goes down",
        ),
    ],
)  # fmt: skip
def test_a_patch_is_merged_by_the_schema(document: Any, patch: Any, expected: Any) -> None:
    before, asked = deepcopy(document), deepcopy(patch)
    shape = DEPLOYMENT if "strategy" in document.get("spec", {}) else POD
    assert strategic_merge_patch(shape, document, patch) == expected
    assert (document, patch) == (before, asked)


def test_service_ports_are_merged_by_port() -> None:
    document = spec(ports=[{"port": 80, "name": "http", "nodePort": 30080}])
    patched = strategic_merge_patch(SERVICE, document, spec(ports=[{"port": 80, "targetPort": 8080}, {"port": 81}]))
    assert patched == spec(ports=[{"port": 80, "name": "http", "nodePort": 30080, "targetPort": 8080}, {"port": 81}])


def test_without_a_schema_maps_are_merged_and_lists_replaced() -> None:
    document = spec(parts=named("a"), sizes={"x": 1})
    patch = spec(parts=named("b"), sizes={"y": 2})
    assert strategic_merge_patch(None, document, patch) == spec(parts=named("b"), sizes={"x": 1, "y": 2})


@pytest.mark.parametrize(
    "patch",
    [
        [],
        {"$patch": "explode"},
        spec(containers=[{"image": "i"}]),
        spec(containers=["a"]),
        spec(containers=[{"name": "a", "$patch": "explode"}]),
        spec(**{"$setElementOrder/containers": {}}),
        spec(**{"$deleteFromPrimitiveList/x": 1}),
        spec(strategy={"$retainKeys": ["type"], "type": "x", "other": 1}),
        {"metadata": {"finalizers": [{"a": 1}]}},
    ],
)
def test_a_malformed_patch_is_refused(patch: Any) -> None:
    with pytest.raises(PatchInvalid):
        strategic_merge_patch(POD, spec(containers=named("a")), patch)
