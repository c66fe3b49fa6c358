from __future__ import annotations

import pytest

from pyk8s.api.errors import Cause
from pyk8s.api.validation import causes


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (causes.required("a"), Cause("FieldValueRequired", "Required value", "a")),
        (causes.required("a", "why"), Cause("FieldValueRequired", "Required value: why", "a")),
        (causes.invalid("a", "x", "why"), Cause("FieldValueInvalid", 'Invalid value: "x": why', "a")),
        (causes.invalid("a", {"b": [1]}, "why"), Cause("FieldValueInvalid", 'Invalid value: {"b":[1]}: why', "a")),
        (causes.invalid("a", None, "why"), Cause("FieldValueInvalid", "Invalid value: null: why", "a")),
        (
            causes.unsupported("a", "x", ("c", "b")),
            Cause("FieldValueNotSupported", 'Unsupported value: "x": supported values: "b", "c"', "a"),
        ),
        (causes.forbidden("a", "why"), Cause("FieldValueForbidden", "Forbidden: why", "a")),
        (causes.duplicate("a", 1), Cause("FieldValueDuplicate", "Duplicate value: 1", "a")),
        (causes.absent("a", "x"), Cause("FieldValueNotFound", 'Not found: "x"', "a")),
        (causes.too_long("a", 5), Cause("FieldValueTooLong", "Too long: may not be more than 5 bytes", "a")),
        (causes.too_many("a", 9, 5), Cause("FieldValueTooMany", "Too many: 9: must have at most 5 items", "a")),
    ],
)
def test_a_cause_says_it_in_the_words_of_kubernetes(cause: Cause, expected: Cause) -> None:
    assert cause == expected


def test_what_did_not_change_is_fine() -> None:
    assert causes.immutable("a", 1, 1) == []
    assert causes.immutable("a", 1, 2) == [causes.invalid("a", 1, "field is immutable")]


def test_each_problem_is_a_cause() -> None:
    assert causes.each("a", "x", []) == []
    assert [cause.message for cause in causes.each("a", "x", ["p", "q"])] == [
        'Invalid value: "x": p',
        'Invalid value: "x": q',
    ]


def test_numbers_may_be_absent_or_zero_and_more() -> None:
    assert causes.not_negative({"a": 0}, "spec", "a", "b") == []
    assert [cause.field for cause in causes.not_negative({"a": -1}, "spec", "a")] == ["spec.a"]
    assert [cause.field for cause in causes.not_negative({"a": -1}, "", "a")] == ["a"]


def test_a_word_is_one_of_those_supported() -> None:
    assert causes.one_of({"a": "x"}, "spec", "a", ("x", "y")) == []
    assert causes.one_of({}, "spec", "a", ("x",)) == []
    assert causes.one_of({}, "spec", "a", ("x",), needed=True) == [causes.required("spec.a")]
    assert [cause.field for cause in causes.one_of({"a": "z"}, "", "a", ("x",))] == ["a"]
