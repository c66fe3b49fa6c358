"""kubeconfig files: which server, whom to trust, who one is.

The gRPC address of a cluster stands in it as a cluster extension named `pyk8s.dev/grpc`, which other programs ignore.
Source: Kubernetes, `client.authentication` v1 Config (clientcmd/api/v1).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pyk8s.wire.errors import KubeconfigInvalid
from pyk8s.wire.files import read_bounded, write_private

GRPC_EXTENSION = "pyk8s.dev/grpc"


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


def load(path: Path | str, context: str = "") -> Connection:
    """The connection that `context` (or the current context) of a kubeconfig file describes.

    Raises KubeconfigInvalid, which names the file and the field.
    """
    file = Path(path)
    config = _read(file)
    name = context or str(config.get("current-context") or "")
    if not name:
        raise KubeconfigInvalid(f"{file} names no current-context: pass --context")
    chosen = _named(file, config, "contexts", "context", name)
    cluster_name, user_name = str(chosen.get("cluster") or ""), str(chosen.get("user") or "")
    cluster = _named(file, config, "clusters", "cluster", cluster_name)
    user = _named(file, config, "users", "user", user_name) if user_name else {}
    server = str(cluster.get("server") or "")
    if not server:
        raise KubeconfigInvalid(f"{file}: cluster {cluster_name!r} has no server")
    return Connection(
        server=server,
        grpc_address=_grpc_address(cluster),
        ca=_content(file, cluster, "certificate-authority"),
        cert=_content(file, user, "client-certificate"),
        key=_content(file, user, "client-key"),
        token=_token(file, user),
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
        kept = [entry for entry in config.get(section) or [] if entry.get("name") not in names]
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
    contexts = config.get("contexts") or []
    gone = [entry.get("context") or {} for entry in contexts if entry.get("name") == name]
    kept = [entry for entry in contexts if entry.get("name") != name]
    config["contexts"] = kept
    for section, field in (("clusters", "cluster"), ("users", "user")):
        used = {(entry.get("context") or {}).get(field) for entry in kept}
        orphans = {entry.get(field) for entry in gone} - used
        config[section] = [entry for entry in config.get(section) or [] if entry.get("name") not in orphans]
    if config.get("current-context") == name:
        config["current-context"] = ""
    write_private(file, _dump(config))


def _read(file: Path) -> dict[str, Any]:
    try:
        config = yaml.safe_load(read_bounded(file))
    except (OSError, ValueError) as error:
        raise KubeconfigInvalid(f"cannot read the kubeconfig {file}: {error}") from error
    except yaml.YAMLError as error:
        raise KubeconfigInvalid(f"the kubeconfig {file} is no YAML: {error}") from error
    if not isinstance(config, dict):
        raise KubeconfigInvalid(f"the kubeconfig {file} is not a mapping")
    return config


def _named(file: Path, config: dict[str, Any], section: str, field: str, name: str) -> dict[str, Any]:
    for entry in config.get(section) or []:
        if isinstance(entry, dict) and entry.get("name") == name:
            return entry.get(field) or {}
    known = ", ".join(str(entry.get("name")) for entry in config.get(section) or [] if isinstance(entry, dict))
    raise KubeconfigInvalid(f"{file}: {section} has no {name!r} (there is: {known or 'nothing'})")


def _grpc_address(cluster: dict[str, Any]) -> str:
    for entry in cluster.get("extensions") or []:
        if isinstance(entry, dict) and entry.get("name") == GRPC_EXTENSION:
            return str((entry.get("extension") or {}).get("address") or "")
    return ""


def _content(file: Path, section: dict[str, Any], field: str) -> bytes:
    data = section.get(f"{field}-data")
    if data:
        try:
            return base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError) as error:
            raise KubeconfigInvalid(f"{file}: {field}-data is not base64") from error
    where = section.get(field)
    if not where:
        return b""
    try:
        return read_bounded(file.parent / where)
    except (OSError, ValueError) as error:
        raise KubeconfigInvalid(f"{file}: cannot read {field}: {error}") from error


def _token(file: Path, user: dict[str, Any]) -> str:
    where = user.get("tokenFile")
    if not where:
        return str(user.get("token") or "")
    try:
        return read_bounded(file.parent / where).decode().strip()
    except (OSError, ValueError) as error:
        raise KubeconfigInvalid(f"{file}: cannot read tokenFile: {error}") from error


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _dump(config: dict[str, Any]) -> bytes:
    return yaml.safe_dump(config, sort_keys=False).encode()
