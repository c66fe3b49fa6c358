"""Manifests: plain Kubernetes YAML or JSON from files, folders or standard input, read into objects.

Every error names the file and the line, and nothing is sent before everything has been read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pyk8s.cli.documents import NotJson, json_value

MAX_BYTES = 16 * 1024 * 1024
"""A manifest larger than this is refused."""

SUFFIXES = (".yaml", ".yml", ".json")


class ManifestInvalid(ValueError):
    """A manifest that cannot be read or is not a Kubernetes object; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object and where it came from ("web.yaml, document 2")."""

    object: dict[str, Any]
    source: str

    @property
    def kind(self) -> str:
        """The object's kind."""
        return str(self.object["kind"])

    @property
    def api_version(self) -> str:
        """The object's apiVersion."""
        return str(self.object["apiVersion"])

    @property
    def name(self) -> str:
        """metadata.name, or "" when it asks for a generated one."""
        return str(self.object["metadata"].get("name") or "")

    @property
    def namespace(self) -> str:
        """metadata.namespace, or ""."""
        return str(self.object["metadata"].get("namespace") or "")


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """Safe YAML 1.1 that refuses a key given twice and leaves dates as text, as Kubernetes' reader does."""


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: dict[Any, Any] = {}
    loader.flatten_mapping(node)
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        try:
            twice = key in seen
        except TypeError:
            raise yaml.constructor.ConstructorError(None, None, "a key must be text", key_node.start_mark) from None
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is given twice", key_node.start_mark)
        seen[key] = loader.construct_object(value_node, deep=True)
    return seen


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def values(text: str, source: str) -> list[Any]:
    """The documents of a YAML or JSON text as JSON values. Raises ManifestInvalid, which names `source`."""
    try:
        documents = list(yaml.load_all(text, Loader=_Loader))
        if sum(_size(document, {}) for document in documents) > MAX_BYTES:
            raise ManifestInvalid(f"{source}: its aliases (*) make it larger than {MAX_BYTES // 1024 // 1024} MiB")
        return [json_value(document) for document in documents]
    except yaml.YAMLError as why:
        raise ManifestInvalid(_said(why, source)) from why
    except NotJson as why:
        raise ManifestInvalid(f"{source}: {why}") from why
    except RecursionError as why:
        raise ManifestInvalid(f"{source}: nested too deeply") from why


def parse(text: str, source: str) -> Iterator[Manifest]:
    """The objects of a YAML or JSON text; the members of a List one by one; empty documents are passed over.

    Raises ManifestInvalid.
    """
    documents = values(text, source)
    several = len(documents) > 1
    for number, document in enumerate(documents, 1):
        if document is not None:
            yield from _objects(document, f"{source}, document {number}" if several else source)


def _size(value: Any, known: dict[int, int]) -> int:
    """Roughly the bytes of `value` written out, where a YAML alias (the same object again) counts each time.

    An alias is seen through in no time; what it stands for, written out, could fill the memory.
    """
    if not isinstance(value, dict | list):
        return len(value) if isinstance(value, str) else 1
    if id(value) not in known:
        inside = (*value, *value.values()) if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_size(each, known) for each in inside)
    return known[id(value)]


def _said(why: yaml.YAMLError, source: str) -> str:
    mark = getattr(why, "problem_mark", None)
    problem = getattr(why, "problem", None) or " ".join(str(why).split())
    if mark is None:
        return f"{source}: cannot be read as YAML: {problem}"
    return f"{source}, line {mark.line + 1}, column {mark.column + 1}: cannot be read as YAML: {problem}"


def _objects(document: Any, source: str) -> Iterator[Manifest]:
    if not isinstance(document, dict):
        raise ManifestInvalid(f"{source}: a manifest must be an object with apiVersion and kind, not {_type(document)}")
    for field in ("apiVersion", "kind"):
        if not isinstance(document.get(field), str) or not document[field]:
            raise ManifestInvalid(f"{source}: {field} is missing: every object needs apiVersion and kind")
    if document["kind"].endswith("List") and isinstance(document.get("items"), list):
        for number, item in enumerate(document["items"]):
            yield from _objects(item, f"{source}, items[{number}]")
        return
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        raise ManifestInvalid(f"{source}: metadata is missing: {document['kind']} needs at least metadata.name")
    if not metadata.get("name") and not metadata.get("generateName"):
        raise ManifestInvalid(f"{source}: metadata.name is missing in this {document['kind']}")
    for field in ("name", "generateName", "namespace"):
        if not isinstance(metadata.get(field), str | None):
            raise ManifestInvalid(f'{source}: metadata.{field} must be text: put it into quotes ("")')
    for field in ("labels", "annotations"):
        if not isinstance(metadata.get(field), dict | None):
            raise ManifestInvalid(f"{source}: metadata.{field} must be a mapping, not {_type(metadata[field])}")
    yield Manifest(document, source)


def _type(value: Any) -> str:
    names = {list: "a list", str: "text", int: "a number", float: "a number", bool: "a boolean"}
    return names.get(type(value), type(value).__name__)


def read(paths: Iterable[str], *, recursive: bool = False) -> list[Manifest]:
    """The objects of all `paths`: files, folders (their .yaml, .yml and .json, in order of name), "-" for standard
    input. Raises ManifestInvalid; also when there is no object at all."""
    paths = list(paths)
    found = [manifest for path in paths for manifest in _read_one(path, recursive)]
    if not found:
        raise ManifestInvalid(f"no objects found in {', '.join(paths)}")
    return found


def _read_one(path: str, recursive: bool) -> Iterator[Manifest]:
    if path == "-":
        yield from parse(_bounded(sys.stdin.buffer.read(MAX_BYTES + 1), "standard input"), "standard input")
        return
    if not path:
        raise ManifestInvalid("the path is empty: name a file, a folder (. is this one) or -")
    if path.startswith(("http://", "https://")):
        raise ManifestInvalid(f"{path}: manifests are read from files; fetch it first, or pipe it into '-f -'")
    for file in _files(Path(path), recursive):
        try:
            with file.open("rb") as opened:
                data = opened.read(MAX_BYTES + 1)
        except OSError as why:
            raise ManifestInvalid(f"cannot read {file}: {why.strerror}") from why
        yield from parse(_bounded(data, str(file)), str(file))


def _files(path: Path, recursive: bool) -> list[Path]:
    if not path.is_dir():
        if path.is_symlink() and not path.exists():
            raise ManifestInvalid(f"the link {str(path)!r} leads nowhere")
        if not path.exists():
            raise ManifestInvalid(f"the path {str(path)!r} does not exist")
        return [path]
    inside = path.rglob("*") if recursive else path.glob("*")
    files = sorted(file for file in inside if file.suffix in SUFFIXES and file.is_file())
    if not files:
        raise ManifestInvalid(f"the folder {str(path)!r} holds no {', '.join(SUFFIXES)} file")
    return files


def _bounded(data: bytes, source: str) -> str:
    if len(data) > MAX_BYTES:
        raise ManifestInvalid(f"{source}: larger than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        return data.decode()
    except UnicodeDecodeError as why:
        raise ManifestInvalid(f"{source}: not UTF-8 text (byte {why.start})") from why
