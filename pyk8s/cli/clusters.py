"""Which cluster of this machine a command means, and its progress told line by line."""

from __future__ import annotations

from collections.abc import Sequence

import click

from pyk8s.cluster import folder, lifecycle
from pyk8s.cluster.folder import Folder

DEFAULT = "demo"
"""The name of a cluster that is given none."""


def chosen(name: str) -> Folder:
    """The folder of the cluster `name`, or of the only one. Raises ClusterError, or ClickException when it is not
    clear."""
    if name:
        return lifecycle.existing(name)
    names = [each.name for each in folder.every()]
    if len(names) > 1 and DEFAULT not in names:
        raise click.UsageError(f"several clusters are here: choose one with --name {'|'.join(names)}")
    return lifecycle.existing(names[0] if len(names) == 1 else DEFAULT)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """`rows` as a table with three blanks between columns, each line ended."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)
