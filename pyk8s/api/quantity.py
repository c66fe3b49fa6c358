"""Amounts of a resource, as Kubernetes writes them: "250m", "1.5Gi", "2e3".

Source: apimachinery, pkg/api/resource/quantity.go (grammar, canonical form, rounding).
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor
from typing import Final, TypeAlias

Millicores: TypeAlias = int
"""Thousandths of a CPU core: 250 is a quarter of a core."""

Bytes: TypeAlias = int
"""An amount of memory or disk."""

_NUMBER: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))([a-zA-Z].*)?", re.DOTALL | re.ASCII)
_EXPONENT: Final = re.compile(r"[eE]([+-]?\d{1,3})", re.ASCII)
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL_SUFFIX: Final = {power: suffix for suffix, power in _DECIMAL.items()}
_BINARY_SUFFIX: Final = {power: suffix for suffix, power in _BINARY.items()}
_LARGEST: Final = 2**63 - 1
_LONGEST_TEXT: Final = 64
GRAMMAR: Final = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


class QuantityInvalid(ValueError):
    """A quantity that is not a decimal number followed by one known suffix, or none."""


def parse(text: str | int | float) -> Fraction:
    """The exact amount; what is finer than a billionth is rounded up. Raises QuantityInvalid."""
    return _read(_text(text))[0]


def millicores(text: str | int | float) -> Millicores:
    """The CPU quantity in millicores, rounded up: "0.1" is 100, "250m" is 250. Raises QuantityInvalid."""
    return ceil(parse(text) * 1000)


def units(text: str | int | float) -> int:
    """The quantity in whole units (bytes, pods, …), rounded up: "1Ki" is 1024, "100m" is 1. Raises QuantityInvalid."""
    return ceil(parse(text))


def canonical(text: str | int | float) -> str:
    """The quantity as an API server stores it: "0.1" is "100m", "1024Mi" is "1Gi", "1.50" is "1500m".

    No fraction remains, the suffix is as large as possible, and the family of suffixes (decimal, binary, exponent)
    stays, except that a binary amount below 1024 becomes decimal. Raises QuantityInvalid.
    """
    return _canonical(_text(text))


def format_bytes(amount: int) -> str:
    """`amount` bytes with the largest binary suffix that keeps it whole: 1073741824 is "1Gi", 1000 is "1000"."""
    power = 0
    while amount and amount % 1024 == 0 and power < 6:
        amount //= 1024
        power += 1
    return f"{amount}{_BINARY_SUFFIX.get(power, '')}"


def format_millicores(amount: int) -> str:
    """`amount` millicores as a quantity: 250 is "250m", 2000 is "2"."""
    return f"{amount // 1000}" if amount % 1000 == 0 else f"{amount}m"


def _text(value: str | int | float) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        raise QuantityInvalid(GRAMMAR)
    return str(value)


@lru_cache(maxsize=8192)
def _read(text: str) -> tuple[Fraction, str]:
    """The amount and its family of suffixes: "decimal", "binary" or "exponent"."""
    found = _NUMBER.fullmatch(text) if len(text) <= _LONGEST_TEXT else None
    if found is None:
        raise QuantityInvalid(GRAMMAR)
    number, suffix = found[1], found[2] or ""
    family = "decimal"
    if suffix in _DECIMAL:
        scale = Fraction(10) ** _DECIMAL[suffix]
    elif suffix in _BINARY:
        family, scale = "binary", Fraction(1024 ** _BINARY[suffix])
    elif exponent := _EXPONENT.fullmatch(suffix):
        family, scale = "exponent", Fraction(10) ** int(exponent[1])
    else:
        raise QuantityInvalid("unable to parse quantity's suffix")
    amount = Fraction(number.rstrip(".")) * scale
    if (nano := amount * 10**9).denominator != 1:
        amount = Fraction(ceil(nano) if amount > 0 else floor(nano), 10**9)
    return max(-Fraction(_LARGEST), min(Fraction(_LARGEST), amount)), family


@lru_cache(maxsize=8192)
def _canonical(text: str) -> str:
    amount, family = _read(text)
    if not amount:
        return "0"
    if family == "binary" and not -1024 < amount < 1024:
        return format_bytes(ceil(amount) if amount > 0 else floor(amount))
    power = -9
    number = int(amount * 10**9)
    while number % 1000 == 0 and power < 18:
        number //= 1000
        power += 3
    if family == "exponent":
        return f"{number}e{power}" if power else f"{number}"
    return f"{number}{_DECIMAL_SUFFIX[power]}"
