"""What an API server is told when it starts: the file apiserver.yaml, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from pyk8s.api.configuration import ConfigInvalid
from pyk8s.apiserver.registry.config import Config


class SettingsInvalid(ConfigInvalid):
    """The settings cannot be read; the message names the file and the field."""


class Etcd(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """How to reach etcd: https URLs and PEM files."""

    endpoints: list[str]
    ca_file: Path
    cert_file: Path
    key_file: Path


class Listen(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Where a door is open; port 0 is any free one."""

    addresses: list[str] = msgspec.field(default_factory=lambda: ["127.0.0.1"])
    port: int = 0


class Tls(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What the doors show, and whose clients they trust."""

    cert_file: Path
    key_file: Path
    client_ca_file: Path = msgspec.field(name="clientCAFile")


class Accounts(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Who issues service account tokens, and the keys; the signing key also verifies."""

    signing_key_file: Path
    issuer: str = "https://kubernetes.default.svc.cluster.local"
    public_key_files: list[Path] = msgspec.field(default_factory=list)
    audiences: list[str] = msgspec.field(default_factory=list)


class Kubelet(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """How the API server calls node agents."""

    ca_file: Path
    cert_file: Path
    key_file: Path


class Settings(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """One API server. `etcd` is "memory" for a server that forgets everything when it ends. Times are seconds."""

    tls: Tls
    etcd: Etcd | Literal["memory"]
    service_account: Accounts
    kubelet: Kubelet | None = None
    cluster_name: str = "pyk8s"
    https: Listen = msgspec.field(default_factory=Listen)
    grpc: Listen = msgspec.field(default_factory=Listen)
    service_cidr: str = msgspec.field(name="serviceCIDR", default="10.96.0.0/16")
    node_port_range: str = "30000-32767"
    advertise_address: str = ""
    advertise_port: int = 0
    run_dir: Path | None = None
    log_level: str = "info"
    default_not_ready_toleration_seconds: int = 300
    default_unreachable_toleration_seconds: int = 300
    shutdown_grace: float = 5.0
    """How long requests under way may take to end when the server stops."""

    def registry(self, port: int) -> Config:
        """What the registry is told; `port` is that of the HTTPS door."""
        first, _, last = self.node_port_range.partition("-")
        try:
            ports = int(first), int(last)
        except ValueError:
            raise SettingsInvalid(f"nodePortRange must be FIRST-LAST, not {self.node_port_range!r}") from None
        made = Config(
            service_cidr=self.service_cidr,
            node_ports=ports,
            issuer=self.service_account.issuer,
            not_ready_toleration=self.default_not_ready_toleration_seconds,
            unreachable_toleration=self.default_unreachable_toleration_seconds,
            advertise_address=self.advertise_address,
            advertise_port=self.advertise_port or port,
        )
        try:
            assert made.services
        except ValueError as why:
            raise SettingsInvalid(f"serviceCIDR: {why}") from why
        return made


def settings_of(given: Mapping[str, Any], where: str = "the settings") -> Settings:
    """The settings in a document. Raises SettingsInvalid, which names the field."""
    try:
        return msgspec.convert(given, Settings, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise SettingsInvalid(f"{where}: {error}") from error


def read(path: Path) -> Settings:
    """The settings in a file. Raises SettingsInvalid."""
    try:
        given = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise SettingsInvalid(f"cannot read {path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise SettingsInvalid(f"{path} is no YAML: {error}") from error
    return settings_of(given, str(path))


def _path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise ValueError(f"{value!r} is no {kind.__name__}")
