"""Objects by key, and by whatever else they are looked up by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")
List = list  # the class below has a method of that name

IndexBy = Callable[[T], Iterable[str]]
"""The values an object is found under: `lambda pod: [pod["spec"]["nodeName"]]`."""


class Indexer(Generic[T]):
    """A dict with secondary indices. What it hands out is shared: nobody may change it."""

    def __init__(self, index: Mapping[str, IndexBy[T]] | None = None) -> None:
        self._by = dict(index or {})
        self._objects: dict[str, T] = {}
        self._indices: dict[str, dict[str, dict[str, None]]] = {name: {} for name in self._by}

    def put(self, key: str, obj: T) -> T | None:
        """Hold `obj` under `key`; what stood there before, or None."""
        old = self._objects.get(key)
        for name, values in self._by.items():
            before = set(values(old)) if old is not None else set()
            after = set(values(obj))
            self._forget(name, key, before - after)
            index = self._indices[name]
            for value in after - before:
                index.setdefault(value, {})[key] = None
        self._objects[key] = obj
        return old

    def remove(self, key: str) -> T | None:
        """Let go of `key`; what stood there, or None."""
        old = self._objects.pop(key, None)
        if old is not None:
            for name, values in self._by.items():
                self._forget(name, key, values(old))
        return old

    def _forget(self, name: str, key: str, values: Iterable[str]) -> None:
        index = self._indices[name]
        for value in values:
            keys = index.get(value)
            if keys is not None:
                keys.pop(key, None)
                if not keys:
                    del index[value]

    def add_index(self, name: str, values: IndexBy[T]) -> None:
        """Look objects up by one more thing; the same name again changes nothing."""
        if name in self._by:
            return
        self._by[name] = values
        index = self._indices[name] = {}
        for key, obj in self._objects.items():
            for value in values(obj):
                index.setdefault(value, {})[key] = None

    def get(self, key: str) -> T | None:
        """The object under `key`, or None."""
        return self._objects.get(key)

    def list(self) -> List[T]:
        """Every object."""
        return list(self._objects.values())

    def keys(self) -> List[str]:
        """Every key."""
        return list(self._objects)

    def by_index(self, name: str, value: str) -> List[T]:
        """The objects that index `name` finds under `value`. Raises KeyError for an index that was never declared."""
        return [self._objects[key] for key in self._indices[name].get(value, ())]

    def __len__(self) -> int:
        return len(self._objects)

    def __contains__(self, key: str) -> bool:
        return key in self._objects
