"""Log files that stay within bounds while their writers keep them open."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

LONGEST = 16 << 20
"""Bytes of a log after which it is set aside as NAME.log.1 and begun anew."""


def shorten(folder: Path, longest: int = LONGEST) -> list[Path]:
    """Copy every log over `longest` bytes aside and empty it in place; those that were.

    Writers append (O_APPEND), so they go on at the new end; lines written between the copy and the cut are lost.
    """
    cut = []
    for path in sorted(folder.glob("*.log")):
        if path.stat().st_size > longest:
            shutil.copyfile(path, path.with_suffix(".log.1"))
            os.truncate(path, 0)
            cut.append(path)
    return cut
