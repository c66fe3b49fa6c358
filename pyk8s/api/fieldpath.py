"""Paths of fields, as errors name them: `spec.containers[0].name`, `metadata.labels[app]`."""

from __future__ import annotations

from collections.abc import Iterable

from pyk8s.api.schema import Shape


def join(parent: str, name: str) -> str:
    """`parent.name`, or the bare name at the top."""
    return f"{parent}.{name}" if parent else name


def describe(shape: Shape | None, steps: Iterable[str | int]) -> str:
    """The path of `steps` below an object of that shape: indexes and keys of maps stand in brackets."""
    path = ""
    for step in steps:
        keyed = isinstance(step, int) or (shape is not None and shape.type == "map")
        path = f"{path}[{step}]" if keyed else join(path, str(step))
        if shape is not None:
            shape = shape.items if isinstance(step, int) else shape.child(step)
    return path
