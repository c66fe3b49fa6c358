"""Objects made at random from their schema: right in every type, and in nothing else."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from pyk8s.api.schema import Schema, Shape

SCHEMA: Final = Schema.builtin()
_WORDS: Final = st.sampled_from(["", "a", "b", "Always", "10.0.0.1", "x/y", "25%", "A b"])
_DEPTH: Final = 7


def objects(definition: str) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of the kind with this definition, with some of its fields."""
    return st.composite(lambda draw: _drawn(draw, SCHEMA.shape(definition), _DEPTH))()


def _drawn(draw: Any, shape: Shape, depth: int) -> Any:
    match shape.type:
        case "object":
            names = [name for name in shape.fields if name in shape.required]
            others = sorted(set(shape.fields) - set(names))
            if others and depth > 0:
                names += draw(st.lists(st.sampled_from(others), max_size=4, unique=True))
            return {name: _drawn(draw, shape.fields[name], depth - 1) for name in names}
        case "list":
            count = draw(st.integers(0, 2)) if depth > 0 else 0
            return [_drawn(draw, shape.items, depth - 1) for _ in range(count)]
        case "map":
            keys = draw(st.lists(_WORDS, max_size=2, unique=True)) if depth > 0 else []
            return {key: _drawn(draw, shape.values, depth - 1) for key in keys}
        case "any":
            return {}
        case _:
            return draw(_plain(shape))


def _plain(shape: Shape) -> st.SearchStrategy[Any]:
    if shape.enum:
        return st.sampled_from([one for one in shape.enum if one is not None])
    if shape.format == "date-time":
        return st.just("2026-01-02T03:04:05Z")
    match shape.type:
        case "integer":
            return st.integers(-2, 70000)
        case "number":
            return st.floats(-1, 1)
        case "boolean":
            return st.booleans()
        case "quantity":
            return st.sampled_from(["0", "100m", "1.5Gi", "-1", "2e3", 0.5, 3])
        case "int-or-string":
            return st.integers(-1, 5) | st.sampled_from(["25%", "http", ""])
        case _:
            return st.just("YQ==") if shape.format == "byte" else _WORDS
