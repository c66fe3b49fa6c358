"""References to variables inside texts. Pure. Source: core/v1 Container.command ("$$(VAR)" is not expanded)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")


def expand(text: str, values: Mapping[str, str]) -> str:
    """`text` with every $(NAME) replaced by its value; an unknown one stays as it is, and $$ is a dollar sign."""
    if "$" not in text:
        return text
    return _REFERENCE.sub(lambda found: _value(found, values), text)


def expand_all(texts: Iterable[str], values: Mapping[str, str]) -> list[str]:
    """Every text expanded."""
    return [expand(text, values) for text in texts]


def _value(found: re.Match[str], values: Mapping[str, str]) -> str:
    name = found[1]
    return "$" if name is None else values.get(name, found[0])
