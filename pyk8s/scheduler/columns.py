"""Arrays with one element a node: what the snapshot is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
"""For each row whether something holds."""

Score = NDArray[np.float64]
"""For each row how good it is."""

Amount = NDArray[np.int64]
"""For each row how much there is."""

FIRST_SIZE = 16


class Rows:
    """Which node has which row. A row that is given back is used again; `size` doubles when all are taken."""

    def __init__(self) -> None:
        self.size = FIRST_SIZE
        self.names = [""] * FIRST_SIZE
        """The name of each row's node, "" where there is none."""
        self._of: dict[str, int] = {}
        self._free = list(range(FIRST_SIZE - 1, -1, -1))

    def __len__(self) -> int:
        return len(self._of)

    def find(self, name: str) -> int:
        """The row of a node, -1 when it has none."""
        return self._of.get(name, -1)

    def take(self, name: str) -> int:
        """A row for a node that has none."""
        if not self._free:
            self._free = list(range(2 * self.size - 1, self.size - 1, -1))
            self.names += [""] * self.size
            self.size *= 2
        row = self._of[name] = self._free.pop()
        self.names[row] = name
        return row

    def give(self, name: str) -> None:
        """The node has no row any more."""
        row = self._of.pop(name)
        self.names[row] = ""
        self._free.append(row)


class Column:
    """One value for each row, `empty` where nothing was set; it grows with its rows."""

    __slots__ = ("_empty", "_rows", "_values")

    def __init__(self, rows: Rows, kind: type[np.generic], empty: Any = 0) -> None:
        self._rows, self._empty = rows, empty
        self._values: NDArray[Any] = np.full(rows.size, empty, dtype=kind)

    @property
    def values(self) -> NDArray[Any]:
        """The array itself, as long as there are rows."""
        missing = self._rows.size - len(self._values)
        if missing:
            more = np.full(missing, self._empty, dtype=self._values.dtype)
            self._values = np.concatenate([self._values, more])
        return self._values


class LabelColumn(Column):
    """The values of one label as small numbers: -1 where a node does not have the label."""

    __slots__ = ("_codes", "texts")

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, np.int64, -1)
        self._codes: dict[str, int] = {}
        self.texts: list[str] = []
        """The text of each number."""

    def set(self, row: int, text: str | None) -> None:
        """Give `row` this value, or none."""
        if text is None:
            self.values[row] = -1
            return
        code = self._codes.get(text)
        if code is None:
            code = self._codes[text] = len(self.texts)
            self.texts.append(text)
        self.values[row] = code

    def where(self, holds: Callable[[str | None], bool]) -> Mask:
        """The rows whose value fulfils `holds`, which is asked once for each distinct value (None: no such label)."""
        answers = np.array([*map(holds, self.texts), holds(None)], dtype=np.bool_)
        found: Mask = answers[self.values]
        return found
