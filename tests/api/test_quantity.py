from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.api import quantity
from pyk8s.api.quantity import QuantityInvalid


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1", 1),
        ("0", 0),
        ("-3", -3),
        ("+3", 3),
        ("0.1", Fraction(1, 10)),
        (".5", Fraction(1, 2)),
        ("5.", 5),
        ("250m", Fraction(1, 4)),
        ("1k", 1000),
        ("1Ki", 1024),
        ("1.5Gi", 1536 * 2**20),
        ("2e3", 2000),
        ("2E-3", Fraction(2, 1000)),
        ("1E", 10**18),
        ("10n", Fraction(1, 10**8)),
        ("0.1n", Fraction(1, 10**9)),
        ("-0.1n", Fraction(-1, 10**9)),
        (" 7 ", 7),
        (7, 7),
        (0.5, Fraction(1, 2)),
        ("9223372036854775808", 2**63 - 1),
    ],
)
def test_a_quantity_is_read_exactly(text: str | float, amount: Fraction | int) -> None:
    assert quantity.parse(text) == amount


@pytest.mark.parametrize("text", ["", "x", "1x", "1.2.3", "--1", "1Kib", "Ki", "1 Gi", "1e", "1e99999", "٣", "9" * 100])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(QuantityInvalid):
        quantity.parse(text)


def test_a_boolean_is_no_quantity() -> None:
    with pytest.raises(QuantityInvalid):
        quantity.parse(True)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("0.1", "100m"),
        ("1000m", "1"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("1.5", "1500m"),
        ("1000", "1k"),
        ("100000", "100k"),
        ("1024", "1024"),
        ("0Mi", "0"),
        ("512", "512"),
        ("0.5Ki", "512"),
        ("1Ki", "1Ki"),
        ("-1Ki", "-1Ki"),
        ("1e3", "1e3"),
        ("2000e3", "2e6"),
        ("12e0", "12"),
        ("0.0001", "100u"),
        ("-1500m", "-1500m"),
        ("1.0000000001", "1000000001n"),
    ],
)
def test_a_quantity_is_stored_in_canonical_form(text: str, stored: str) -> None:
    assert quantity.canonical(text) == stored


@pytest.mark.parametrize(("text", "expected"), [("0.1", 100), ("250m", 250), ("1", 1000), ("1u", 1), ("0", 0)])
def test_cpu_is_counted_in_millicores_rounded_up(text: str, expected: int) -> None:
    assert quantity.millicores(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1Ki", 2**10),
        ("1Mi", 2**20),
        ("1Gi", 2**30),
        ("1Ti", 2**40),
        ("1Pi", 2**50),
        ("1Ei", 2**60),
        ("100m", 1),
        ("1k", 10**3),
        ("1M", 10**6),
        ("1G", 10**9),
        ("1T", 10**12),
        ("1P", 10**15),
        ("1E", 10**18),
    ],
)
def test_units_are_rounded_up(text: str, expected: int) -> None:
    assert quantity.units(text) == expected


@pytest.mark.parametrize(("amount", "text"), [(0, "0"), (1000, "1000"), (2**30, "1Gi"), (1536 * 2**20, "1536Mi")])
def test_bytes_take_the_largest_suffix_that_keeps_them_whole(amount: int, text: str) -> None:
    assert quantity.format_bytes(amount) == text
    assert quantity.units(text) == amount


@pytest.mark.parametrize(("amount", "text"), [(250, "250m"), (2000, "2"), (0, "0")])
def test_millicores_are_written_as_a_quantity(amount: int, text: str) -> None:
    assert quantity.format_millicores(amount) == text


numbers = st.decimals(min_value=-(10**9), max_value=10**9, places=6, allow_nan=False).map(str)
texts = st.builds(str.__add__, numbers, st.sampled_from(["", "m", "k", "M", "Ki", "Mi", "Gi", "e2", "e-3"]))


@given(texts)
def test_the_canonical_form_is_canonical_and_at_most_rounded_up_to_a_whole_unit(text: str) -> None:
    once = quantity.canonical(text)
    assert quantity.canonical(once) == once
    assert abs(quantity.parse(once) - quantity.parse(text)) < 1


@given(st.integers(min_value=-(2**63) + 1, max_value=2**63 - 1))
def test_whole_numbers_keep_their_amount(number: int) -> None:
    assert quantity.parse(quantity.canonical(str(number))) == number
