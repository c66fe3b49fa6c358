"""References to variables inside texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.kubelet.expansion import expand, expand_all

VALUES = {"A": "1", "B": "$(A)", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("", ""),
        ("plain", "plain"),
        ("$(A)", "1"),
        ("x$(A)y$(A)", "x1y1"),
        ("$(B)", "$(A)"),
        ("$(EMPTY)", ""),
        ("$(NONE)", "$(NONE)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$A", "$A"),
        ("$(A", "$(A"),
        ("costs 5$", "costs 5$"),
    ],
)
def test_expand(text, result):
    assert expand(text, VALUES) == result


@given(st.text())
def test_text_without_a_dollar_stays(text):
    assert expand(text.replace("$", ""), VALUES) == text.replace("$", "")


@given(st.text())
def test_doubled_dollars_protect_any_text(text):
    assert expand(text.replace("$", "$$"), VALUES) == text


def test_all_texts():
    assert expand_all(["$(A)", "b"], VALUES) == ["1", "b"]
