"""kube-proxy's own form of configuration, KubeProxyConfiguration v1alpha1: as a file and in the ConfigMap kube-proxy.

Source: Kubernetes, "kube-proxy Configuration (v1alpha1)". What concerns other platforms, and what has no meaning here
(rates of the client, periods that are to save work), is read and left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from pyk8s.proxy.config import Config, families_of, read_mode, read_node_ports, read_place, read_ranges

API_VERSION, KIND = "kubeproxy.config.k8s.io/v1alpha1", "KubeProxyConfiguration"


class ClientConnection(msgspec.Struct, rename="camel"):
    """How to reach the API."""

    kubeconfig: str = ""
    accept_content_types: str = ""
    content_type: str = ""
    qps: float | None = None
    burst: int | None = None


class Iptables(msgspec.Struct, rename="camel"):
    """The mode iptables."""

    masquerade_bit: int | None = None
    masquerade_all: bool = False
    localhost_node_ports: bool | None = None
    sync_period: str = ""
    min_sync_period: str = ""


class Ipvs(msgspec.Struct, rename="camel"):
    """The mode ipvs."""

    scheduler: str = ""
    strict_arp: bool = msgspec.field(default=False, name="strictARP")
    exclude_cidrs: list[str] | None = msgspec.field(default=None, name="excludeCIDRs")
    sync_period: str = ""
    min_sync_period: str = ""
    tcp_timeout: str = ""
    tcp_fin_timeout: str = ""
    udp_timeout: str = ""


class Nftables(msgspec.Struct, rename="camel"):
    """The mode nftables."""

    masquerade_bit: int | None = None
    masquerade_all: bool = False
    sync_period: str = ""
    min_sync_period: str = ""


class Conntrack(msgspec.Struct, rename="camel"):
    """The kernel's tracking of connections."""

    max_per_core: int | None = None
    min: int | None = None
    tcp_established_timeout: str | None = None
    tcp_close_wait_timeout: str | None = None
    tcp_be_liberal: bool = False
    udp_timeout: str = ""
    udp_stream_timeout: str = ""


class Document(msgspec.Struct, rename="camel"):
    """The whole configuration."""

    api_version: str = ""
    kind: str = ""
    mode: str = ""
    hostname_override: str = ""
    bind_address: str = ""
    bind_address_hard_fail: bool = False
    healthz_bind_address: str = ""
    metrics_bind_address: str = ""
    cluster_cidr: str = msgspec.field(default="", name="clusterCIDR")
    client_connection: ClientConnection = msgspec.field(default_factory=ClientConnection)
    iptables: Iptables = msgspec.field(default_factory=Iptables)
    ipvs: Ipvs = msgspec.field(default_factory=Ipvs)
    nftables: Nftables = msgspec.field(default_factory=Nftables)
    conntrack: Conntrack = msgspec.field(default_factory=Conntrack)
    node_port_addresses: list[str] | None = None
    detect_local_mode: str = ""
    detect_local: dict[str, Any] = {}
    config_sync_period: str = ""
    enable_profiling: bool = False
    feature_gates: dict[str, bool] | None = None
    logging: dict[str, Any] = {}
    oom_score_adj: int | None = None
    port_range: str = ""
    show_hidden_metrics_for_version: str = ""
    winkernel: dict[str, Any] = {}
    windows_run_as_service: bool = False


def decode(document: object) -> Document:
    """The configuration of a parsed YAML document. Raises ValueError that names the field."""
    if not isinstance(document, Mapping):
        raise ValueError(f"a {KIND} is needed, not {type(document).__name__}")
    try:
        made = msgspec.convert(document, Document)
    except msgspec.ValidationError as why:
        raise ValueError(f"{KIND}: {why}") from None
    if (made.api_version, made.kind) != (API_VERSION, KIND):
        raise ValueError(f"apiVersion {made.api_version!r} and kind {made.kind!r}: {API_VERSION} {KIND} is needed")
    return made


def unknown(document: Mapping[str, Any], of: type[msgspec.Struct] = Document, path: str = "") -> Iterator[str]:
    """The fields of `document` that the form has not, as paths."""
    fields = {each.encode_name: each.type for each in msgspec.structs.fields(of)}
    for key, value in document.items():
        kind = fields.get(key)
        if kind is None:
            yield f"{path}{key}"
        elif isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, Mapping):
            yield from unknown(value, kind, f"{path}{key}.")


def ignored(document: Document) -> Iterator[str]:
    """The fields that ask for what kube-proxy does and we do not, as paths; those that ask for nothing are left out."""
    if document.bind_address not in ("", "0.0.0.0", "::"):  # noqa: S104 (compared, not bound)
        yield "bindAddress"
    if document.bind_address_hard_fail:
        yield "bindAddressHardFail"
    if document.conntrack.max_per_core:
        yield "conntrack.maxPerCore"
    if document.conntrack.min:
        yield "conntrack.min"
    if document.oom_score_adj is not None:
        yield "oomScoreAdj"
    yield from (f"detectLocal.{key}" for key, value in document.detect_local.items() if value)


def apply(document: Document, config: Config) -> Config:
    """`config` with all that `document` says. Raises ValueError that names the field."""
    mode = read_mode(document.mode, "mode")
    modes: dict[str, Iptables | Ipvs | Nftables] = {
        "iptables": document.iptables,
        "nftables": document.nftables,
        "ipvs": document.ipvs,
    }
    of_mode = modes[mode]
    said: dict[str, Any] = {
        "mode": mode,
        "masquerade_all": getattr(of_mode, "masquerade_all", document.iptables.masquerade_all),
        "mark": 1 << _bit(document, of_mode),
        "localhost": document.iptables.localhost_node_ports is not False,
        "strict_arp": document.ipvs.strict_arp,
        "sysctls": _sysctls(document.conntrack),
    }
    if document.cluster_cidr:
        said["cluster_ranges"] = read_ranges(document.cluster_cidr, "clusterCIDR")
    if document.node_port_addresses is not None:
        said["node_port_addresses"] = read_node_ports(document.node_port_addresses, "nodePortAddresses")
    if document.ipvs.scheduler:
        said["scheduler"] = document.ipvs.scheduler
    if document.ipvs.exclude_cidrs:
        said["excluded"] = read_ranges(",".join(document.ipvs.exclude_cidrs), "ipvs.excludeCIDRs")
    said["timeouts"] = tuple(
        round(seconds(getattr(document.ipvs, name), f"ipvs.{camel}"))
        for name, camel in (
            ("tcp_timeout", "tcpTimeout"),
            ("tcp_fin_timeout", "tcpFinTimeout"),
            ("udp_timeout", "udpTimeout"),
        )
    )
    if document.hostname_override:
        said["node"] = document.hostname_override
    if period := seconds(of_mode.sync_period, f"{mode}.syncPeriod"):
        said["resync"] = period
    if document.healthz_bind_address:
        said["health"] = read_place(document.healthz_bind_address, "healthzBindAddress")
    if document.metrics_bind_address:
        said["metrics"] = read_place(document.metrics_bind_address, "metricsBindAddress")
    said["pods_of_node"] = _local_mode(document.detect_local_mode)
    return replace(config, **said)


def standalone(document: Document, node: str) -> Config:
    """The configuration of a proxy that has no node.yaml. Raises ValueError that names the field."""
    begin = Config(node, health=("0.0.0.0", 10256), metrics=("127.0.0.1", 10249))  # noqa: S104 (kube-proxy's own)
    made = apply(document, begin)
    said = families_of(made.cluster_ranges)
    return replace(made, families=said or (4, 6), lenient=not said)


def _bit(document: Document, of_mode: Iptables | Ipvs | Nftables) -> int:
    said = getattr(of_mode, "masquerade_bit", document.iptables.masquerade_bit)
    bit = 14 if said is None else said
    if not 0 <= bit <= 31:
        raise ValueError(f"masqueradeBit is {bit}: a number from 0 to 31 is needed")
    return bit


def _local_mode(text: str) -> bool:
    if text in ("", "ClusterCIDR", "NodeCIDR"):
        return text == "NodeCIDR"
    raise ValueError(f"detectLocalMode is {text!r}: use ClusterCIDR or NodeCIDR")


def _sysctls(conntrack: Conntrack) -> dict[str, str]:
    wanted = {
        "nf_conntrack_tcp_timeout_established": (conntrack.tcp_established_timeout, "tcpEstablishedTimeout"),
        "nf_conntrack_tcp_timeout_close_wait": (conntrack.tcp_close_wait_timeout, "tcpCloseWaitTimeout"),
        "nf_conntrack_udp_timeout": (conntrack.udp_timeout, "udpTimeout"),
        "nf_conntrack_udp_timeout_stream": (conntrack.udp_stream_timeout, "udpStreamTimeout"),
    }
    found = {name: str(round(time)) for name, (text, key) in wanted.items() if (time := seconds(text, key))}
    if conntrack.tcp_be_liberal:
        found["nf_conntrack_tcp_be_liberal"] = "1"
    return {f"net/netfilter/{name}": value for name, value in found.items()}


_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)")


def seconds(text: str | None, key: str) -> float:
    """The seconds of a duration as Go writes it, "1h2m3.5s"; 0 for none. Raises ValueError that names `key`."""
    if not text or text == "0":
        return 0.0
    parts = _PART.findall(text)
    if "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{key} is {text!r}: a time like 30s or 1m0s is needed")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
