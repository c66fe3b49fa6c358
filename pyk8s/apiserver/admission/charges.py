"""What creates that are under way have been charged for, while their objects are not stored yet."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from weakref import WeakValueDictionary

from pyk8s.apiserver.admission.usage import Amounts, add

Key = tuple[str, str]
"""A quota: (namespace, name)."""


class Charges:
    """Charges under way, by quota. A recount adds them to what it finds stored."""

    def __init__(self) -> None:
        self._held: dict[Key, dict[int, Amounts]] = {}
        self._numbers = itertools.count()
        self._locks: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

    def lock(self, key: Key) -> asyncio.Lock:
        """Held by whoever charges a quota: one at a time is judged, by all that were granted before."""
        found = self._locks.get(key)
        if found is None:
            found = self._locks[key] = asyncio.Lock()
        return found

    def begin(self, key: Key, amounts: Amounts) -> int:
        """Remember a charge that was granted, until `end` is told that its object is stored or given up; its number."""
        number = next(self._numbers)
        self._held.setdefault(key, {})[number] = amounts
        return number

    def end(self, key: Key, number: int) -> None:
        """Forget a charge."""
        held = self._held.get(key, {})
        held.pop(number, None)
        if not held:
            self._held.pop(key, None)

    def under_way(self, key: Key) -> Mapping[int, Amounts]:
        """The charges that are under way now."""
        return dict(self._held.get(key, {}))


def total(charges: Mapping[int, Amounts]) -> Amounts:
    """The sum of these charges."""
    summed: Amounts = {}
    for amounts in charges.values():
        summed = add(summed, amounts)
    return summed
