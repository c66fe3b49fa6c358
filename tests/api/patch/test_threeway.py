from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.api.patch import merge_patch, strategic_merge_patch, three_way
from pyk8s.api.schema import Schema

POD = Schema.builtin().shape("io.k8s.api.core.v1.Pod")
DEPLOYMENT = Schema.builtin().shape("io.k8s.api.apps.v1.Deployment")
SERVICE = Schema.builtin().shape("io.k8s.api.core.v1.Service")


def spec(**fields: Any) -> dict[str, Any]:
    return {"spec": fields}


@pytest.mark.parametrize(
    ("original", "modified", "current", "patch"),
    [
        pytest.param(spec(a=1), spec(a=1), spec(a=1, b=2), {}, id="what others added stays"),
        pytest.param(spec(a=1), spec(a=2), spec(a=1), spec(a=2), id="a change"),
        pytest.param(spec(a=1), spec(a=1), spec(a=3), spec(a=1), id="others' change is taken back"),
        pytest.param(spec(a=1, b=1), spec(a=1), spec(a=1, b=5), spec(b=None), id="what was taken out is removed"),
        pytest.param(spec(a=1, b=1), spec(a=1), spec(a=1), {}, id="what is gone already needs no removing"),
        pytest.param(spec(), spec(c={"x": 1}), spec(), spec(c={"x": 1}), id="something new"),
        pytest.param(spec(), spec(c=None), spec(), {}, id="a null says nothing"),
        pytest.param(
            spec(containers=[{"name": "a", "image": "i:1"}, {"name": "b"}]),
            spec(containers=[{"name": "a", "image": "i:2"}]),
            spec(containers=[{"name": "a", "image": "i:1", "x": 1}, {"name": "b"}, {"name": "injected"}]),
            spec(
                **{
                    "containers": [{"image": "i:2", "name": "a"}, {"$patch": "delete", "name": "b"}],
                    "$setElementOrder/containers": [{"name": "a"}],
                }
            ),
            id="containers by name: one changed, one removed, a foreign one kept",
        ),
        pytest.param(
            spec(containers=[]),
            spec(containers=[{"name": "b"}, {"name": "a"}]),
            spec(containers=[{"name": "a"}, {"name": "b"}]),
            spec(**{"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}),
            id="only the order changed",
        ),
        pytest.param(spec(a=1), spec(a=1), spec(a=1.0), {}, id="a number written in another way"),
        pytest.param(spec(a=1), spec(a="1"), spec(a=1), spec(a="1"), id="another type"),
        pytest.param(
            spec(containers=[{"name": "a", "args": ["x"]}]),
            spec(containers=[{"name": "a", "args": ["x", "y"]}]),
            spec(containers=[{"name": "a", "args": ["x"]}]),
            spec(
                **{
                    "containers": [{"args": ["x", "y"], "name": "a"}],
                    "$setElementOrder/containers": [{"name": "a"}],
                }
            ),
            id="a list that is one value",
        ),
        pytest.param(
            {"metadata": {"finalizers": ["a", "b"]}},
            {"metadata": {"finalizers": ["b", "c"]}},
            {"metadata": {"finalizers": ["a", "b", "z"]}},
            {
                "metadata": {
                    "$setElementOrder/finalizers": ["b", "c"],
                    "$deleteFromPrimitiveList/finalizers": ["a"],
                    "finalizers": ["c"],
                }
            },
            id="plain values",
        ),
        pytest.param(
            spec(volumes=[{"name": "v", "emptyDir": {}}]),
            spec(volumes=[{"name": "v", "hostPath": {"path": "/x"}}]),
            spec(volumes=[{"name": "v", "emptyDir": {}}]),
            spec(
                **{
                    "volumes": [
                        {
                            "hostPath": {"path": "/x"},
                            "emptyDir": None,
                            "name": "v",
                            "$retainKeys": ["hostPath", "name"],
                        }
                    ],
                    "$setElementOrder/volumes": [{"name": "v"}],
                }
            ),
            id="a volume changes its source",
        ),
    ],
)
def test_the_patch_of_an_apply(original: Any, modified: Any, current: Any, patch: Any) -> None:
    given = deepcopy((original, modified, current))
    assert three_way(POD, original, modified, current) == patch
    assert (original, modified, current) == given


def test_a_strategy_keeps_only_what_is_said() -> None:
    patch = three_way(
        DEPLOYMENT,
        spec(strategy={"type": "RollingUpdate"}),
        spec(strategy={"type": "Recreate"}),
        spec(strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}}),
    )
    assert patch == spec(strategy={"type": "Recreate", "$retainKeys": ["type"]})


def test_ports_that_the_merge_key_cannot_tell_apart_are_replaced_together() -> None:
    both = [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]
    current = spec(ports=[{"port": 53, "protocol": "TCP"}])
    patch = three_way(SERVICE, spec(), spec(ports=both), current)
    assert strategic_merge_patch(SERVICE, current, patch) == spec(ports=both)


def test_without_a_schema_the_patch_is_a_merge_patch() -> None:
    patch = three_way(None, spec(x=[1], gone=1), spec(x=[2], m={"a": 1}), spec(x=[1], gone=1, m={"b": 2}))
    assert patch == spec(x=[2], gone=None, m={"a": 1})


names = st.sampled_from("abc")
containers: st.SearchStrategy[Any] = st.lists(
    st.fixed_dictionaries(
        {"name": names},
        optional={
            "image": st.sampled_from(["i", "j"]),
            "args": st.lists(names, max_size=2),
            "env": st.lists(
                st.fixed_dictionaries({"name": names}, optional={"value": names}),
                max_size=2,
                unique_by=lambda variable: str(variable["name"]),
            ),
        },
    ),
    max_size=3,
    unique_by=lambda container: container["name"],
)
pods = st.fixed_dictionaries(
    {},
    optional={
        "metadata": st.fixed_dictionaries(
            {},
            optional={
                "labels": st.dictionaries(names, names, max_size=2),
                "finalizers": st.lists(names, max_size=3, unique=True),
            },
        ),
        "spec": st.fixed_dictionaries({}, optional={"containers": containers, "nodeName": names}),
    },
)


@given(pods, pods)
def test_what_nobody_else_touched_becomes_what_was_applied(original: Any, modified: Any) -> None:
    patch = three_way(POD, original, modified, original)
    after = strategic_merge_patch(POD, original, patch)
    assert _without_empty(after) == _without_empty(modified)


@given(pods, pods, pods)
def test_an_apply_done_twice_does_nothing_the_second_time(original: Any, modified: Any, current: Any) -> None:
    after = strategic_merge_patch(POD, current, three_way(POD, original, modified, current))
    assert three_way(POD, modified, modified, after) == {}


@given(pods, pods)
def test_a_merge_patch_reaches_what_was_applied_too(original: Any, modified: Any) -> None:
    after = merge_patch(original, three_way(None, original, modified, original))
    assert _without_empty(after) == _without_empty(modified)


def _without_empty(value: Any) -> Any:
    """Objects without empty lists and objects in them: an apply may leave an empty one where there was none."""
    if isinstance(value, dict):
        kept = {key: _without_empty(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in ({}, [])}
    if isinstance(value, list):
        return [_without_empty(item) for item in value]
    return value
