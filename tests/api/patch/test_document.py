from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.api.patch import PatchFailed, PatchInvalid, json_patch


def op(name: str, path: str, **more: Any) -> dict[str, Any]:
    return {"op": name, "path": path, **more}


# The examples of RFC 6902, appendix A, and the edges around them.
@pytest.mark.parametrize(
    ("document", "operations", "expected"),
    [
        ({"foo": "bar"}, [op("add", "/baz", value="qux")], {"foo": "bar", "baz": "qux"}),
        ({"foo": ["bar", "baz"]}, [op("add", "/foo/1", value="qux")], {"foo": ["bar", "qux", "baz"]}),
        ({"foo": ["bar"]}, [op("add", "/foo/-", value=["abc"])], {"foo": ["bar", ["abc"]]}),
        ({"foo": ["bar"]}, [op("add", "/foo/1", value="x")], {"foo": ["bar", "x"]}),
        ({"baz": "qux", "foo": "bar"}, [op("remove", "/baz")], {"foo": "bar"}),
        ({"foo": ["bar", "qux", "baz"]}, [op("remove", "/foo/1")], {"foo": ["bar", "baz"]}),
        ({"baz": "qux", "foo": "bar"}, [op("replace", "/baz", value="boo")], {"baz": "boo", "foo": "bar"}),
        ({"foo": [1, 2]}, [op("replace", "/foo/0", value=3)], {"foo": [3, 2]}),
        (
            {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
            [op("move", "/qux/thud", **{"from": "/foo/waldo"})],
            {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
        ),
        (
            {"foo": ["all", "grass", "cows", "eat"]},
            [op("move", "/foo/3", **{"from": "/foo/1"})],
            {"foo": ["all", "cows", "eat", "grass"]},
        ),
        ({"a": 1}, [op("move", "/a", **{"from": "/a"})], {"a": 1}),
        ({"a": {"b": 1}}, [op("copy", "/c", **{"from": "/a"})], {"a": {"b": 1}, "c": {"b": 1}}),
        ({"baz": "qux"}, [op("test", "/baz", value="qux")], {"baz": "qux"}),
        ({"a": None}, [op("test", "/a", value=None), op("test", "/b", value=None)], {"a": None}),
        ({"/": 9, "~1": 10}, [op("test", "/~01", value=10)], {"/": 9, "~1": 10}),
        ({"a/b": {"m~n": 1}}, [op("replace", "/a~1b/m~0n", value=2)], {"a/b": {"m~n": 2}}),
        ({"foo": "bar"}, [op("add", "/baz", value="qux", xyz=123)], {"foo": "bar", "baz": "qux"}),
        ({"a": 1}, [op("replace", "", value={"b": 2})], {"b": 2}),
        ({"a": 1}, [op("add", "", value=[1])], [1]),
        ({"": 1}, [op("replace", "/", value=2)], {"": 2}),
        ({"a": 1.0}, [op("test", "/a", value=1)], {"a": 1.0}),
        ({"a": 1}, [], {"a": 1}),
    ],
)
def test_operations_change_the_document(document: Any, operations: list[Any], expected: Any) -> None:
    before = deepcopy(document)
    assert json_patch(document, operations) == expected
    assert document == before


@pytest.mark.parametrize(
    ("document", "operation"),
    [
        ({"foo": "bar"}, op("add", "/baz/bat", value="qux")),
        ({"foo": "bar"}, op("remove", "/baz")),
        ({"foo": "bar"}, op("replace", "/baz", value=1)),
        ({"foo": [1]}, op("remove", "/foo/1")),
        ({"foo": [1]}, op("add", "/foo/2", value=1)),
        ({"foo": [1]}, op("add", "/foo/01", value=1)),
        ({"foo": [1]}, op("add", "/foo/-1", value=1)),
        ({"foo": [1]}, op("replace", "/foo/-", value=1)),
        ({"foo": [1]}, op("add", "/foo/x", value=1)),
        ({"foo": 1}, op("copy", "/x", **{"from": "/bar"})),
        ({"baz": "qux"}, op("test", "/baz", value="bar")),
        ({"baz": "1"}, op("test", "/baz", value=1)),
        ({"baz": True}, op("test", "/baz", value=1)),
        ({"baz": [1]}, op("test", "/baz", value=[1, 2])),
        ({}, op("test", "/baz", value=1)),
        ({"a": "text"}, op("add", "/a/b", value=1)),
        ({"a": "text"}, op("add", "/a/b/c", value=1)),
    ],
)
def test_an_operation_that_does_not_apply_is_told(document: Any, operation: dict[str, Any]) -> None:
    with pytest.raises(PatchFailed):
        json_patch(document, [operation])


@pytest.mark.parametrize(
    "operations",
    [
        {"op": "add"},
        ["add"],
        [{}],
        [op("eat", "/a")],
        [op("add", "/a")],
        [op("test", "/a")],
        [{"op": "add", "value": 1}],
        [op("add", "a", value=1)],
        [op("move", "/a")],
        [op("move", "/a/b/c", **{"from": "/a/b"})],
        [op("remove", "/a")] * 10_001,
        None,
    ],
)
def test_a_malformed_patch_is_refused(operations: Any) -> None:
    with pytest.raises(PatchInvalid):
        json_patch({"a": {"b": 1}}, operations)


def test_nothing_happens_when_a_later_operation_fails() -> None:
    document: dict[str, Any] = {"a": {"b": 1}}
    with pytest.raises(PatchFailed):
        json_patch(document, [op("add", "/a/c", value=2), op("remove", "/nothing")])
    assert document == {"a": {"b": 1}}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=3), values, max_size=3), st.text(max_size=4), values)
def test_what_is_added_is_found_there_and_can_be_removed(document: dict[str, Any], key: str, value: Any) -> None:
    path = "/" + key.replace("~", "~0").replace("/", "~1")
    added = json_patch(document, [op("add", path, value=value), op("test", path, value=value)])
    assert added[key] == value
    removed = json_patch(added, [op("remove", path)])
    assert removed == {name: item for name, item in document.items() if name != key}
