"""Services, EndpointSlices and the Node from files in a folder instead of an API: a proxy where no cluster is.

YAML (several documents in a file) and JSON, single objects and Lists. A file that cannot be read keeps what it said
before, and is told of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import orjson
import yaml

from pyk8s.aio.inotify import FileEvents
from pyk8s.observe import logs
from pyk8s.proxy.objects import decode_config_map, decode_node, decode_service, decode_slice

log = logs.get("proxy")

Note = Callable[[Any, Any], None]
"""Called with (old, new), as an informer's handler."""

Key = tuple[str, str, str]
"""Kind, namespace and name."""

SUFFIXES = (".yaml", ".yml", ".json")
DECODERS: Mapping[str, Callable[[bytes], Any]] = {
    "Service": decode_service,
    "EndpointSlice": decode_slice,
    "Node": decode_node,
    "ConfigMap": decode_config_map,
}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Folder:
    """What the files in `path` say, told to `notes` by kind. `events` tells when one has changed."""

    def __init__(self, path: Path, notes: Mapping[str, Note], events: FileEvents) -> None:
        self._path = path
        self._notes = notes
        self._events = events
        self._files: dict[Path, tuple[tuple[int, int], dict[Key, bytes]]] = {}
        self._held: dict[Key, tuple[bytes, Any]] = {}
        self.read = asyncio.Event()

    async def follow(self) -> None:
        """Tell of what is there and of every change, until cancelled. Raises OSError when there is no such folder."""
        with self._events.watch(self._path) as changed:
            while True:
                self._match(await asyncio.to_thread(self._load))
                self.read.set()
                await changed.wait()
                changed.clear()

    def _load(self) -> dict[Key, bytes]:
        """All objects, each as JSON; only files that have changed are read."""
        found = {}
        for path in sorted(self._path.iterdir()):
            if path.suffix not in SUFFIXES or path.name.startswith(".") or not path.is_file():
                continue
            stamp = (path.stat().st_mtime_ns, path.stat().st_size)
            held = self._files.get(path)
            if held is not None and held[0] == stamp:
                found[path] = held
                continue
            try:
                found[path] = stamp, dict(_objects(path))
            except (OSError, ValueError, yaml.YAMLError) as why:
                log.warning("a file of objects cannot be read", file=str(path), why=why)
                found[path] = stamp, held[1] if held is not None else {}
        self._files = found
        return {key: body for _, objects in found.values() for key, body in objects.items()}

    def _match(self, wanted: Mapping[Key, bytes]) -> None:
        for key in self._held.keys() - wanted.keys():
            self._notes[key[0]](self._held.pop(key)[1], None)
        for key, body in wanted.items():
            before, old = self._held.get(key, (b"", None))
            if body == before or key[0] not in self._notes:
                continue
            try:
                new = DECODERS[key[0]](body)
            except msgspec.DecodeError as why:
                log.warning("an object cannot be read", kind=key[0], name="/".join(key[1:]), why=why)
                continue
            self._held[key] = body, new
            self._notes[key[0]](old, new)


def _objects(path: Path) -> Iterator[tuple[Key, bytes]]:
    for document in _documents(path):
        if not isinstance(document, Mapping):
            raise ValueError(f"an object is needed, not {type(document).__name__}")
        for each in document["items"] if str(document.get("kind", "")).endswith("List") else [document]:
            metadata = each.get("metadata") or {}
            if each.get("kind") in DECODERS and metadata.get("name"):
                namespace = "" if each["kind"] == "Node" else str(metadata.get("namespace") or "default")
                whole = {**each, "metadata": {**metadata, "namespace": namespace}}
                yield (each["kind"], namespace, str(metadata["name"])), orjson.dumps(whole, default=str)


def _documents(path: Path) -> Iterator[Any]:
    text = path.read_bytes()
    if path.suffix == ".json":
        yield orjson.loads(text)
        return
    for document in yaml.load_all(text, Loader=_LOADER):
        if document is not None:
            yield document
