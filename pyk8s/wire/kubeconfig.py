"""kubeconfig files: which server, whom to trust, who one is.

The gRPC address of a cluster stands in it as a cluster extension named `pyk8s.dev/grpc`, which other programs ignore.
Source: Kubernetes, `client.authentication` v1 Config (clientcmd/api/v1).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pyk8s.wire.errors import KubeconfigInvalid
from pyk8s.wire.files import read_bounded, write_private

GRPC_EXTENSION = "pyk8s.dev/grpc"

SECTIONS = {"clusters": "cluster", "users": "user", "contexts": "context"}
"""The lists of a kubeconfig, and the field in which each entry of one holds what it is."""


@dataclass(frozen=True, slots=True)
class Connection:
    """What is needed to reach an API server as somebody. `server` is a URL; `grpc_address` is host:port or "";
    `ca`, `cert` and `key` are PEM; `namespace` is the context's default."""

    server: str
    grpc_address: str = ""
    ca: bytes = b""
    cert: bytes = b""
    key: bytes = b""
    token: str = ""
    namespace: str = "default"
    context: str = ""
    cluster: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One cluster, user or context of a kubeconfig, and the file it stands in (paths in it are relative to that)."""

    name: str
    content: Mapping[str, Any]
    file: Path


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """What one or several kubeconfig files say together; `files` are those that were read."""

    files: tuple[Path, ...]
    current_context: str
    clusters: Mapping[str, Entry]
    users: Mapping[str, Entry]
    contexts: Mapping[str, Entry]

    @property
    def source(self) -> str:
        """The files, as messages name them."""
        return ":".join(str(file) for file in self.files)


def read(paths: Sequence[Path]) -> Kubeconfig:
    """The kubeconfig files `paths` as one: what an earlier file names is not replaced by a later one, and a file that
    is not there is passed over, unless none is.

    Source: Kubernetes documentation, "Organizing Cluster Access Using kubeconfig Files", merging kubeconfig files.
    Raises KubeconfigInvalid.
    """
    there = [path for path in paths if path.exists()] or list(paths[:1])
    current = ""
    found: dict[str, dict[str, Entry]] = {section: {} for section in SECTIONS}
    for file in there:
        config = _read(file)
        current = current or str(config.get("current-context") or "")
        for section, field in SECTIONS.items():
            for entry in _entries(file, config, section):
                name = str(entry.get("name"))
                content = entry.get(field) or {}
                if not isinstance(content, dict):
                    raise KubeconfigInvalid(f"{file}: {section} {name!r}: {field} is not a mapping")
                found[section].setdefault(name, Entry(name, content, file))
    return Kubeconfig(tuple(there), current, **found)


def load(path: Path | str | Sequence[Path], context: str = "") -> Connection:
    """The connection that `context` (or the current context) of a kubeconfig file, or of several, describes.

    Raises KubeconfigInvalid, which names the file and the field.
    """
    merged = read([Path(path)] if isinstance(path, Path | str) else path)
    name = context or merged.current_context
    if not name:
        raise KubeconfigInvalid(f"{merged.source} names no current-context: pass --context")
    chosen = _named(merged, "contexts", name).content
    cluster_name, user_name = str(chosen.get("cluster") or ""), str(chosen.get("user") or "")
    cluster = _named(merged, "clusters", cluster_name)
    user = _named(merged, "users", user_name) if user_name else Entry("", {}, cluster.file)
    server = str(cluster.content.get("server") or "")
    if not server:
        raise KubeconfigInvalid(f"{cluster.file}: cluster {cluster_name!r} has no server")
    return Connection(
        server=server,
        grpc_address=_grpc_address(cluster.content),
        ca=_content(cluster, "certificate-authority"),
        cert=_content(user, "client-certificate"),
        key=_content(user, "client-key"),
        token=_token(user),
        namespace=str(chosen.get("namespace") or "default"),
        context=name,
        cluster=cluster_name,
        user=user_name,
    )


def document(connection: Connection, *, name: str) -> dict[str, Any]:
    """The kubeconfig document for `connection`, its only context called `name`."""
    cluster: dict[str, Any] = {"server": connection.server, "certificate-authority-data": _base64(connection.ca)}
    if connection.grpc_address:
        cluster["extensions"] = [{"name": GRPC_EXTENSION, "extension": {"address": connection.grpc_address}}]
    user: dict[str, Any] = {}
    if connection.cert:
        user["client-certificate-data"] = _base64(connection.cert)
        user["client-key-data"] = _base64(connection.key)
    if connection.token:
        user["token"] = connection.token
    user_name = connection.user or name
    cluster_name = connection.cluster or name
    entry = {"cluster": cluster_name, "user": user_name, "namespace": connection.namespace}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster_name, "cluster": cluster}],
        "users": [{"name": user_name, "user": user}],
        "contexts": [{"name": name, "context": entry}],
        "current-context": name,
        "preferences": {},
    }


def write(path: Path | str, connection: Connection, *, name: str) -> None:
    """Write a kubeconfig file (mode 0600) whose only context is `name`."""
    write_private(Path(path), _dump(document(connection, name=name)))


def merge(path: Path | str, connection: Connection, *, name: str, current: bool = True) -> None:
    """Add or replace the entries of `connection` in a kubeconfig file that may hold others; all else in it stays."""
    file = Path(path)
    config: dict[str, Any] = _read(file) if file.exists() else {"apiVersion": "v1", "kind": "Config"}
    added = document(connection, name=name)
    for section in ("clusters", "users", "contexts"):
        names = [entry["name"] for entry in added[section]]
        kept = [entry for entry in _entries(file, config, section) if entry.get("name") not in names]
        config[section] = kept + added[section]
    if current or not config.get("current-context"):
        config["current-context"] = name
    write_private(file, _dump(config))


def remove(path: Path | str, name: str) -> None:
    """Take the context `name` out of a kubeconfig file, with the cluster and user that only it used."""
    file = Path(path)
    if not file.exists():
        return
    config = _read(file)
    contexts = _entries(file, config, "contexts")
    gone = [entry.get("context") or {} for entry in contexts if entry.get("name") == name]
    kept = [entry for entry in contexts if entry.get("name") != name]
    config["contexts"] = kept
    for section, field in (("clusters", "cluster"), ("users", "user")):
        used = {(entry.get("context") or {}).get(field) for entry in kept}
        orphans = {entry.get(field) for entry in gone} - used
        config[section] = [entry for entry in _entries(file, config, section) if entry.get("name") not in orphans]
    if config.get("current-context") == name:
        config["current-context"] = ""
    write_private(file, _dump(config))


def choose(paths: Sequence[Path], name: str) -> Path:
    """Make `name` the current context, in the file that says which one is; that file. Raises KubeconfigInvalid."""
    merged = read(paths)
    _named(merged, "contexts", name)
    configs = [(file, _read(file)) for file in merged.files]
    file, config = next((each for each in configs if each[1].get("current-context")), configs[0])
    write_private(file, _dump({**config, "current-context": name}))
    return file


def change_context(paths: Sequence[Path], name: str, fields: Mapping[str, str]) -> Path:
    """Set `fields` (namespace, user) of the context `name` in the file it stands in; that file.

    Raises KubeconfigInvalid.
    """
    merged = read(paths)
    file = _named(merged, "contexts", name).file
    if "user" in fields:
        _named(merged, "users", fields["user"])
    config = _read(file)
    entry = next(each for each in _entries(file, config, "contexts") if str(each.get("name")) == name)
    entry["context"] = {**(entry.get("context") or {}), **fields}
    write_private(file, _dump(config))
    return file


def delete(paths: Sequence[Path], section: str, name: str) -> Path:
    """Take one entry of a section (clusters, users, contexts) out of the file it stands in, and nothing else; that
    file. A current context that is deleted stays the current one, as kubectl leaves it. Raises KubeconfigInvalid."""
    file = _named(read(paths), section, name).file
    config = _read(file)
    config[section] = [entry for entry in _entries(file, config, section) if str(entry.get("name")) != name]
    write_private(file, _dump(config))
    return file


def _read(file: Path) -> dict[str, Any]:
    try:
        config = yaml.safe_load(read_bounded(file))
    except (OSError, ValueError) as error:
        raise KubeconfigInvalid(f"cannot read the kubeconfig {file}: {_why(error)}") from error
    except RecursionError as error:
        raise KubeconfigInvalid(f"the kubeconfig {file} is nested too deeply") from error
    except yaml.YAMLError as error:
        raise KubeconfigInvalid(f"the kubeconfig {file} is no YAML: {_problem(error)}") from error
    if not isinstance(config, dict):
        raise KubeconfigInvalid(f"the kubeconfig {file} is {'empty' if config is None else 'not a mapping'}")
    return config


def _why(error: Exception) -> str:
    """What went wrong with a file that the message names already."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _problem(error: yaml.YAMLError) -> str:
    """Where and what, on one line."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is None or not problem:
        return " ".join(str(error).split())
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}"


def _entries(file: Path, config: Mapping[str, Any], section: str) -> list[dict[str, Any]]:
    entries = config.get(section) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise KubeconfigInvalid(f"{file}: {section} is not a list of mappings")
    return entries


def _named(merged: Kubeconfig, section: str, name: str) -> Entry:
    entries: Mapping[str, Entry] = getattr(merged, section)
    if name not in entries:
        known = ", ".join(entries)
        raise KubeconfigInvalid(f"{merged.source}: {section} has no {name!r} (there is: {known or 'nothing'})")
    return entries[name]


def _grpc_address(cluster: Mapping[str, Any]) -> str:
    for entry in cluster.get("extensions") or []:
        if isinstance(entry, dict) and entry.get("name") == GRPC_EXTENSION:
            return str((entry.get("extension") or {}).get("address") or "")
    return ""


def _content(entry: Entry, field: str) -> bytes:
    data = entry.content.get(f"{field}-data")
    if data:
        try:
            return base64.b64decode(data, validate=True)
        except (binascii.Error, TypeError, ValueError) as error:
            raise KubeconfigInvalid(f"{entry.file}: {field}-data is not base64") from error
    return _file(entry, field)


def _token(entry: Entry) -> str:
    if not entry.content.get("tokenFile"):
        return str(entry.content.get("token") or "")
    try:
        return _file(entry, "tokenFile").decode().strip()
    except UnicodeDecodeError as error:
        raise KubeconfigInvalid(f"{entry.file}: tokenFile: {entry.content['tokenFile']} is no text") from error


def _file(entry: Entry, field: str) -> bytes:
    """The content of the file that `field` names; b"" when it names none."""
    where = entry.content.get(field)
    if not where:
        return b""
    path = entry.file.parent / str(where)
    try:
        return read_bounded(path)
    except (OSError, ValueError) as error:
        raise KubeconfigInvalid(f"{entry.file}: cannot read {field} {path}: {_why(error)}") from error


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _dump(config: dict[str, Any]) -> bytes:
    return yaml.safe_dump(config, sort_keys=False).encode()
