"""The node's configuration: `node.yaml`, camelCase, every field with its unit."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from pyk8s.api.configuration import ConfigInvalid
from pyk8s.observe.pages import address


class ServerConfig(Struct, frozen=True, rename="camel", gc=False):
    """Where the streams into containers are served: mutual TLS, `port` 0 is any free one."""

    cert_file: str
    key_file: str
    ca_file: str
    """The authority of client certificates."""
    port: int = 0
    clients: list[str] = field(default_factory=lambda: ["kube-apiserver-kubelet-client"])
    """The common names that may call."""


class Taint(Struct, frozen=True, rename="camel", gc=False):
    """A taint the node registers with."""

    key: str
    effect: str
    value: str = ""


class Config(Struct, frozen=True, rename="camel", gc=False):
    """What a kubelet is told. Times in seconds, sizes in bytes unless they are quantities."""

    node_name: str
    node_ip: str = field(name="nodeIP")
    """Its address; of two families, two with a comma between them, the cluster's first family first."""
    runtime_endpoint: str = "unix:///run/containerd/containerd.sock"
    root_dir: str = "/var/lib/kubelet"
    static_pod_path: str = "/etc/kubernetes/manifests"
    pod_logs_dir: str = "/var/log/pods"
    capacity: dict[str, str | int | float] = field(default_factory=lambda: {"cpu": "1", "memory": "1Gi", "pods": "110"})
    reserved: dict[str, str | int | float] = field(default_factory=dict)
    """What of the capacity pods do not get."""
    cgroup_parent: str = "/pyk8s"
    cgroup_driver: str = "cgroupfs"
    server: ServerConfig | None = None
    heartbeat_seconds: float = 10.0
    lease_duration_seconds: int = 40
    cluster_dns: list[str] = field(default_factory=list, name="clusterDNS")
    cluster_domain: str = "cluster.local"
    resolv_conf: str = "/etc/resolv.conf"
    labels: dict[str, str] = field(default_factory=dict)
    taints: list[Taint] = field(default_factory=list)
    container_log_max_size: str = "10Mi"
    container_log_max_files: int = 5
    resync_seconds: float = 60.0
    """How often everything is compared with the runtime, events or not."""
    parallel_starts: int = 4
    """How many sandboxes and containers are started at the same time."""
    healthz_bind_address: str = ""
    """ADDRESS:PORT of /healthz, /readyz and /metrics, over plain HTTP; "" is nowhere."""

    @property
    def node_ips(self) -> tuple[str, ...]:
        """Its address of each family."""
        return tuple(address.strip() for address in self.node_ip.split(","))


def decode_config(obj: Any) -> Config:
    """The configuration in a decoded YAML document; other programs' fields in it are left alone.

    Raises ConfigInvalid, which names the field.
    """
    try:
        config = msgspec.convert(obj, Config)
    except msgspec.ValidationError as why:
        raise ConfigInvalid(f"node configuration: {why}") from why
    try:
        versions = [ip_address(address).version for address in config.node_ips]
    except ValueError as why:
        raise ConfigInvalid(f"nodeIP: {why}: write 192.0.2.1, or one of each family: 192.0.2.1,2001:db8::1") from why
    if len(set(versions)) != len(versions):
        raise ConfigInvalid(f"nodeIP: {config.node_ip}: write one address, or one of IPv4 and one of IPv6")
    if config.healthz_bind_address:
        try:
            address(config.healthz_bind_address)
        except ValueError as why:
            raise ConfigInvalid(f"healthzBindAddress: {why}") from why
    if config.cgroup_driver != "cgroupfs":
        raise ConfigInvalid(f"cgroupDriver: {config.cgroup_driver!r} is not served: use cgroupfs, in containerd too")
    for name in ("root_dir", "pod_logs_dir"):
        if not Path(getattr(config, name)).is_absolute():
            raise ConfigInvalid(f"{name}: {getattr(config, name)!r} must be an absolute path")
    return config
