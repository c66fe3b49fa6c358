"""Numbers that may be given as a share of something: `maxSurge: 1` or `maxSurge: 25%`.

Source: apimachinery, pkg/util/intstr.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

IntOrString: TypeAlias = int | str

_PERCENT: Final = re.compile(r"(-?\d{1,9})%", re.ASCII)


class ShareInvalid(ValueError):
    """Neither a whole number nor a percentage such as "25%"."""


def percent(value: IntOrString) -> int | None:
    """The percentage that `value` is, or None when it is a plain number. Raises ShareInvalid."""
    if isinstance(value, bool):
        raise ShareInvalid(f"invalid value for IntOrString: {value}")
    if isinstance(value, int):
        return None
    if found := _PERCENT.fullmatch(value):
        return int(found[1])
    raise ShareInvalid("invalid value for IntOrString: invalid type: string is not a percentage")


def scaled(value: IntOrString, total: int, *, round_up: bool) -> int:
    """`value` itself, or that share of `total` rounded as asked: "25%" of 10 is 3 or 2. Raises ShareInvalid."""
    share = percent(value)
    if share is None:
        assert isinstance(value, int)
        return value
    return -(-share * total // 100) if round_up else share * total // 100
