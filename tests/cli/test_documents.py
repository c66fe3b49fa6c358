"""YAML documents as JSON values: what JSON says goes through, the rest is named by its path."""

from datetime import date

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.cli.documents import MAX_DEPTH, NotJson, json_value

SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_what_json_says_stays_as_it_is(value):
    assert json_value(value) == value
    assert orjson.dumps(json_value(value))


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ({1: "a", 1.5: "c"}, {"1": "a", "1.5": "c"}),
        ({True: 1}, {"true": 1}),
        ({False: 0}, {"false": 0}),
        ({"a": b"hello"}, {"a": "hello"}),
        ({"a": (1, 2)}, {"a": [1, 2]}),
    ],
)
def test_keys_and_binary_become_text(value, made):
    assert json_value(value) == made


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"a": {"b": [0, 2**64]}}, r"^a\.b\[1\]: 18446744073709551616 does not fit into 64 bits"),
        ({"a": -(2**63) - 1}, "^a: .*64 bits"),
        ({"a": float("inf")}, "^a: inf is no number"),
        ({"a": float("nan")}, "^a: nan is no number"),
        ({"a": {1, 2}}, "^a: a set cannot be said in JSON"),
        ({"a": date(2024, 1, 1)}, "^a: a date cannot"),
        ({"a": b"\xff"}, "^a: binary data that is no text"),
        ({"a": {None: 1}}, "^a: a key must be text, not None"),
        ({(1, 2): 1}, "^the document: a key must be text"),
        ({1: "a", "1": "b"}, "the key '1' is given twice"),
    ],
)
def test_what_json_cannot_say_is_named(value, says):
    with pytest.raises(NotJson, match=says):
        json_value(value)


def test_a_value_that_is_too_deep_is_refused():
    def nested(levels):
        value = []
        for _ in range(levels):
            value = [value]
        return value

    assert orjson.dumps(json_value(nested(MAX_DEPTH)))
    with pytest.raises(NotJson, match="nested more than"):
        json_value(nested(MAX_DEPTH + 1))
