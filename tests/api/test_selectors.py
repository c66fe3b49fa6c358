from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.api import selectors
from pyk8s.api.selectors import EVERYTHING, NOTHING, FieldSelector, Selector, SelectorInvalid

WEB = {"app": "web", "tier": "front", "gen": "3"}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("app=web", True),
        ("app==web", True),
        ("app = web", True),
        ("app=db", False),
        ("app!=db", True),
        ("app!=web", False),
        ("missing!=x", True),
        ("missing=", False),
        ("app", True),
        ("!app", False),
        ("!missing", True),
        ("app in (web,db)", True),
        ("app in (db)", False),
        ("app notin (db, cache)", True),
        ("app notin (web)", False),
        ("missing notin (web)", True),
        ("missing in (web)", False),
        ("app=web,tier in (front,back),!old", True),
        ("app=web,tier=back", False),
        ("gen>2", True),
        ("gen>3", False),
        ("gen<4", True),
        ("app>1", False),
        ("example.com/x=1", False),
    ],
)
def test_a_label_selector_text_means_these_objects(text: str, matches: bool) -> None:
    assert selectors.parse_labels(text).matches(WEB) is matches


@pytest.mark.parametrize(
    "text",
    ["a in (b", "a in b)", "=x", "a=b c", "a/b/c=d", "a=-", "a>x", ",", "a,,b", "a in ((b))", "!", "x" * 64, "a=b=c"],
)
def test_a_label_selector_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(SelectorInvalid):
        selectors.parse_labels(text)


def test_no_selector_object_means_nothing_and_an_empty_one_everything() -> None:
    assert selectors.from_object(None) == NOTHING
    assert not NOTHING.matches(WEB)
    assert not NOTHING.everything
    assert selectors.from_object({}) == EVERYTHING
    assert EVERYTHING.matches(None)
    assert EVERYTHING.everything


@pytest.mark.parametrize(
    ("expression", "matches"),
    [
        ({"key": "app", "operator": "In", "values": ["web"]}, True),
        ({"key": "app", "operator": "NotIn", "values": ["web"]}, False),
        ({"key": "app", "operator": "Exists"}, True),
        ({"key": "app", "operator": "DoesNotExist"}, False),
        ({"key": "gen", "operator": "Gt", "values": ["2"]}, True),
        ({"key": "gen", "operator": "Lt", "values": ["2"]}, False),
    ],
)
def test_a_selector_object_means_these_objects(expression: dict[str, object], matches: bool) -> None:
    selector = selectors.from_object({"matchLabels": {"tier": "front"}, "matchExpressions": [expression]})
    assert selector.matches(WEB) is matches
    assert not selector.matches({})


def test_an_unknown_operator_in_a_selector_object_is_refused() -> None:
    with pytest.raises(SelectorInvalid, match="not a valid label selector operator"):
        selectors.from_object({"matchExpressions": [{"key": "a", "operator": "Like"}]})


@pytest.mark.parametrize(
    ("operator", "values", "value", "holds"),
    [
        ("In", ("a",), "a", True),
        ("In", ("a",), "b", False),
        ("In", ("a",), None, False),
        ("In", (), "a", False),
        ("NotIn", ("a",), "a", False),
        ("NotIn", ("a",), "b", True),
        ("NotIn", ("a",), None, True),
        ("Exists", (), "", True),
        ("Exists", (), None, False),
        ("DoesNotExist", (), None, True),
        ("DoesNotExist", (), "", False),
        ("Gt", ("2",), "3", True),
        ("Gt", ("2",), "2", False),
        ("Gt", ("2",), None, False),
        ("Gt", (), "3", False),
        ("Gt", ("1", "2"), "3", False),
        ("Gt", ("x",), "3", False),
        ("Lt", ("-2",), "-3", True),
        ("Lt", ("100",), "1_0", False),
        ("Lt", ("2",), "", False),
        ("Like", ("a",), "a", False),
        ("", (), "a", False),
    ],
)
def test_an_operator_holds_for_these_values(
    operator: str, values: tuple[str, ...], value: str | None, holds: bool
) -> None:
    assert selectors.fulfils(operator, values, value) is holds


@pytest.mark.parametrize("operator", ["Gt", "Lt"])
def test_a_comparison_with_nothing_means_nothing_and_can_be_written(operator: str) -> None:
    selector = selectors.from_object({"matchExpressions": [{"key": "a", "operator": operator}]})
    assert not selector.matches({"a": "1"})
    assert str(selector) in ("a>", "a<")


@given(st.lists(st.sampled_from(["", "1", "two"]), min_size=1, max_size=3, unique=True), st.data())
def test_one_value_of_a_set_reads_as_an_equation_and_means_the_same(values: list[str], data: st.DataObject) -> None:
    operator = data.draw(st.sampled_from(["In", "NotIn"]))
    selector = selectors.from_object({"matchExpressions": [{"key": "a", "operator": operator, "values": values}]})
    for have in ({}, *({"a": value} for value in ("", "1", "two", "3"))):
        assert selectors.parse_labels(str(selector)).matches(have) is selector.matches(have)


def test_exact_values_can_be_looked_up_in_an_index() -> None:
    assert selectors.parse_labels("a=1,b in (2),c in (3,4),d!=5,e").exact == {"a": "1", "b": "2"}
    assert selectors.parse_fields("spec.nodeName=n1,status.phase!=Failed").exact == {"spec.nodeName": "n1"}


labels = st.dictionaries(st.sampled_from(["a", "b", "example.com/c"]), st.sampled_from(["", "1", "two"]), max_size=3)
requirements = st.one_of(
    st.builds("{}={}".format, st.sampled_from("abd"), st.sampled_from(["", "1", "two"])),
    st.builds("{}!={}".format, st.sampled_from("abd"), st.sampled_from(["", "1", "two"])),
    st.builds("{} in (1,two)".format, st.sampled_from("abd")),
    st.builds("{} notin (1,two)".format, st.sampled_from("abd")),
    st.sampled_from(["a", "!b", "example.com/c"]),
)


@given(st.lists(requirements, max_size=4), labels)
def test_a_selector_written_and_read_again_means_the_same(parts: list[str], have: dict[str, str]) -> None:
    selector = selectors.parse_labels(",".join(parts))
    assert selectors.parse_labels(str(selector)).matches(have) is selector.matches(have)


@given(labels)
def test_labels_select_themselves(have: dict[str, str]) -> None:
    assert selectors.from_labels(have).matches(have)
    assert selectors.from_labels(have) == selectors.from_object({"matchLabels": have})


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("spec.nodeName=n1", True),
        ("spec.nodeName==n1", True),
        ("spec.nodeName!=n1", False),
        ("spec.nodeName=n1,status.phase=Running", True),
        ("status.phase!=Running", False),
        ("other=", True),
        ("other=x", False),
        (r"odd=a\,b\=c\\d", True),
    ],
)
def test_a_field_selector_means_these_objects(text: str, matches: bool) -> None:
    fields = {"spec.nodeName": "n1", "status.phase": "Running", "odd": "a,b=c\\d"}
    assert selectors.parse_fields(text).matches(fields) is matches


@pytest.mark.parametrize("text", ["x", "a=b,", "=b", "a=b=c"])
def test_a_field_selector_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(SelectorInvalid):
        selectors.parse_fields(text)


def test_selectors_say_what_they_mean() -> None:
    assert str(selectors.parse_labels("b in (y, x), a=1,!c,d,e>5,f<6")) == "b in (x,y),a=1,!c,d,e>5,f<6"
    assert str(selectors.parse_fields("a=1,b!=2")) == "a=1,b!=2"
    assert selectors.parse_fields("a=1,b!=2").paths == ["a", "b"]
    assert FieldSelector().everything
    assert Selector().everything
