"""Sets planned, and those of a kernel, as lines that can be compared. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pyk8s.kernel.ipset.values import Content
from pyk8s.kernel.shown import Line, Shown


def lines(contents: Mapping[str, Content]) -> Shown:
    """Each set by its name in the kernel, with its members and their marks."""
    return {
        f"set {name}": (
            Line(f"create {name} {content.set.kind}", content.set.kind, key="set"),
            *(
                Line(f"add {name} {member}" + (f" skbmark {mark:#x}" if mark else ""), mark, key=("member", member))
                for member, mark in content.members.items()
            ),
        )
        for name, content in contents.items()
    }
