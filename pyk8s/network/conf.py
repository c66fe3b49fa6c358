"""A network configuration as a typed value, with its defaults set and its ranges checked. Pure.

Source: CNI specification, "Section 1: Network configuration format", CNI's CONVENTIONS (capabilities, `args.cni`), and
the documentation of the reference plugins bridge, portmap and bandwidth, whose words these are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import msgspec

from pyk8s.network.errors import CniError, Code
from pyk8s.network.ipam.conf import IpamConf, IpamDocument, RangeDocument, asked_addresses, read_ipam
from pyk8s.network.results import VERSIONS, Dns, RouteTo, names_of, normal

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.\-]*")
_LINK_NAME = re.compile(r"[^/:\s]{1,15}")
_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")
_LAST_VLAN = 4094
_BURST_LIMIT = 8 * (1 << 32)


@dataclass(frozen=True, slots=True)
class HostPort:
    """Packets to `port` of this node (of `address` only, when given) go to the pod's `target`.

    `family` is 4 or 6 when the port is one of that family's addresses only, else 0.
    """

    port: int
    target: int
    protocol: str = "tcp"
    address: str = ""
    family: int = 0


@dataclass(frozen=True, slots=True)
class Rate:
    """Bits a second, and how many bits may come at once."""

    rate: int
    burst: int


@dataclass(frozen=True, slots=True)
class NetConf:
    """A network configuration. `ingress` is what comes to the pod, `egress` what leaves it; None is no limit.

    `document` is the whole of it as it came, for a plugin that part of the work is handed to.
    """

    version: str
    name: str
    type: str
    bridge: str = "cni0"
    mtu: int = 0
    is_gateway: bool = False
    is_default_gateway: bool = False
    force_address: bool = False
    masquerade: bool = False
    hairpin: bool = False
    promiscuous: bool = False
    vlan: int = 0
    vlan_trunk: tuple[int, ...] = ()
    keep_default_vlan: bool = True
    check_mac: bool = False
    mac: str = ""
    ipam: IpamConf = field(default_factory=IpamConf)
    dns: Dns = field(default_factory=Dns)
    host_ports: tuple[HostPort, ...] = ()
    port_snat: bool = True
    ingress: Rate | None = None
    egress: Rate | None = None
    previous: Mapping[str, Any] | None = None
    valid: tuple[tuple[str, str], ...] | None = None
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def vlan_aware(self) -> bool:
        """Whether the bridge has to keep VLANs apart."""
        return bool(self.vlan or self.vlan_trunk)


class _Trunk(msgspec.Struct):
    id: int | None = None
    first: int | None = msgspec.field(default=None, name="minID")
    last: int | None = msgspec.field(default=None, name="maxID")


class _Port(msgspec.Struct, rename="camel"):
    host_port: int = 0
    container_port: int = 0
    protocol: str = "tcp"
    host_ip: str = msgspec.field(default="", name="hostIP")


class _Bandwidth(msgspec.Struct, rename="camel"):
    ingress_rate: int = 0
    ingress_burst: int = 0
    egress_rate: int = 0
    egress_burst: int = 0


class _Runtime(msgspec.Struct, rename="camel"):
    port_mappings: tuple[_Port, ...] = ()
    bandwidth: _Bandwidth = msgspec.field(default_factory=_Bandwidth)
    ips: tuple[str, ...] = ()
    ip_ranges: tuple[tuple[RangeDocument, ...], ...] = ()
    mac: str = ""


class _ForCni(msgspec.Struct, rename="camel"):
    mac: str = ""
    ips: tuple[str, ...] = ()


class _Arguments(msgspec.Struct):
    cni: _ForCni = msgspec.field(default_factory=_ForCni)


class _Attachment(msgspec.Struct):
    container: str = msgspec.field(name="containerID")
    link: str = msgspec.field(name="ifname")


class _Document(msgspec.Struct, rename="camel"):
    name: str = ""
    type: str = ""
    bridge: str = ""
    mtu: int = 0
    is_gateway: bool = False
    is_default_gateway: bool = False
    force_address: bool = False
    ip_masq: bool = False
    hairpin_mode: bool = False
    promisc_mode: bool = False
    vlan: int = 0
    vlan_trunk: tuple[_Trunk, ...] = ()
    preserve_default_vlan: bool = True
    macspoofchk: bool = False
    snat: bool = True
    ipam: IpamDocument = msgspec.field(default_factory=IpamDocument)
    dns: Dns = msgspec.field(default_factory=Dns)
    args: _Arguments = msgspec.field(default_factory=_Arguments)
    runtime_config: _Runtime = msgspec.field(default_factory=_Runtime)
    prev_result: dict[str, Any] | None = None
    valid: tuple[_Attachment, ...] | None = msgspec.field(default=None, name="cni.dev/valid-attachments")


_NAMES = names_of(
    *(_Document, _Trunk, _Port, _Bandwidth, _Runtime, _ForCni, _Arguments, _Attachment),
    *(IpamDocument, RangeDocument, RouteTo, Dns),
)

_OF_ADD = ("runtimeConfig", "args")
"""What an ADD, and a CHECK after it, has a use for: of this a DEL needs the ranges only, and nothing that is wrong in
the rest may keep it from being done."""


def _convert(document: dict[str, Any], command: str) -> _Document:
    read = normal(document, _NAMES)
    if command == "DEL":
        runtime = read.get("runtimeConfig")
        ranges = runtime.get("ipRanges") if isinstance(runtime, dict) else None
        read = {name: value for name, value in read.items() if name not in _OF_ADD}
        read |= {"runtimeConfig": {"ipRanges": ranges}} if ranges else {}
    converted: _Document = msgspec.convert(read, _Document)
    return converted


def read_conf(document: Any, args: Mapping[str, str] | None = None, command: str = "ADD") -> NetConf:
    """The configuration in the decoded standard input, for `command`, with what CNI_ARGS asks for.

    Raises CniError 6 for what is no object, 1 for a version not spoken here, 7 for a value that makes no sense.
    """
    if not isinstance(document, dict):
        raise CniError(Code.UNDECODABLE, "the network configuration is not a JSON object")
    version = document.get("cniVersion") or VERSIONS[0]
    if version not in VERSIONS:
        raise CniError(
            Code.INCOMPATIBLE_VERSION, "incompatible CNI versions", f"config is {version!r}, plugin has {VERSIONS}"
        )
    try:
        asked = {} if command == "DEL" else args or {}
        return _read(version, document, _convert(document, command), asked)
    except ValueError as why:  # msgspec's own errors are ValueErrors too
        raise CniError(Code.INVALID_CONFIG, "invalid network configuration", str(why)) from why


def _read(version: str, whole: Mapping[str, Any], document: _Document, args: Mapping[str, str]) -> NetConf:
    _check_names(document)
    runtime, for_cni = document.runtime_config, document.args.cni
    if document.type == "loopback":
        return NetConf(version, document.name, document.type, previous=document.prev_result)
    asked = asked_addresses(args, for_cni.ips, runtime.ips)
    several = version not in VERSIONS[:2]
    return NetConf(
        version=version,
        name=document.name,
        type=document.type,
        bridge=document.bridge or "cni0",
        mtu=document.mtu,
        is_gateway=document.is_gateway or document.is_default_gateway,
        is_default_gateway=document.is_default_gateway,
        force_address=document.force_address,
        masquerade=document.ip_masq,
        hairpin=document.hairpin_mode,
        promiscuous=document.promisc_mode,
        vlan=document.vlan,
        vlan_trunk=_read_trunk(document.vlan_trunk),
        keep_default_vlan=document.preserve_default_vlan,
        check_mac=document.macspoofchk,
        mac=_read_mac(runtime.mac or for_cni.mac or args.get("MAC", "")),
        ipam=read_ipam(document.ipam, several=several, asked=asked, more_ranges=runtime.ip_ranges),
        dns=document.dns,
        host_ports=tuple(_read_port(each) for each in runtime.port_mappings),
        port_snat=document.snat,
        ingress=_read_rate("ingress", runtime.bandwidth.ingress_rate, runtime.bandwidth.ingress_burst),
        egress=_read_rate("egress", runtime.bandwidth.egress_rate, runtime.bandwidth.egress_burst),
        previous=document.prev_result,
        valid=None if document.valid is None else tuple((each.container, each.link) for each in document.valid),
        document=whole,
    )


def _check_names(document: _Document) -> None:
    if document.type != "loopback" and not _NAME.fullmatch(document.name):
        raise ValueError(f"name is {document.name!r}: letters, digits, '.', '_' and '-' only")
    if document.bridge and (not _LINK_NAME.fullmatch(document.bridge) or document.bridge in (".", "..")):
        raise ValueError(f"bridge is {document.bridge!r}: 1 to 15 characters, no '/', ':' or space")
    if not 0 <= document.mtu <= 65535:
        raise ValueError(f"mtu is {document.mtu}: bytes from 68 to 65535, or 0 for the kernel's")
    if document.hairpin_mode and document.promisc_mode:
        raise ValueError("hairpinMode and promiscMode exclude one another: choose one")
    if not 0 <= document.vlan <= _LAST_VLAN:
        raise ValueError(f"vlan is {document.vlan}: 1 to {_LAST_VLAN}, or 0 for none")
    if document.vlan and document.vlan_trunk:
        raise ValueError("vlan and vlanTrunk exclude one another: a port is an access port or a trunk")


def _read_trunk(trunk: tuple[_Trunk, ...]) -> tuple[int, ...]:
    found: set[int] = set()
    for each in trunk:
        if (each.first is None) != (each.last is None):
            raise ValueError("vlanTrunk: minID and maxID come together")
        for number in (each.id, each.first, each.last):
            if number is not None and not 1 <= number <= _LAST_VLAN:
                raise ValueError(f"vlanTrunk: {number} is no VLAN: 1 to {_LAST_VLAN}")
        if each.id is not None:
            found.add(each.id)
        if each.first is not None and each.last is not None:
            if each.first > each.last:
                raise ValueError(f"vlanTrunk: minID {each.first} is after maxID {each.last}")
            found.update(range(each.first, each.last + 1))
    return tuple(sorted(found))


def _read_mac(text: str) -> str:
    mac = text.lower().replace("-", ":")
    if mac and (not _MAC.fullmatch(mac) or int(mac[:2], 16) & 1 or mac == "00:00:00:00:00:00"):
        raise ValueError(f"mac is {text!r}: six bytes of one station, as 0a:58:0a:f4:01:02")
    return mac


def _read_port(document: _Port) -> HostPort:
    protocol = document.protocol.lower()
    if protocol not in ("tcp", "udp", "sctp"):
        raise ValueError(f"portMappings: protocol is {document.protocol!r}: use tcp, udp or sctp")
    for name, port in (("hostPort", document.host_port), ("containerPort", document.container_port)):
        if not 1 <= port <= 65535:
            raise ValueError(f"portMappings: {name} is {port}: 1 to 65535")
    try:
        held = ip_address(document.host_ip) if document.host_ip else None
    except ValueError as why:
        raise ValueError(f"portMappings: hostIP: {why}") from why
    address = "" if held is None or held.is_unspecified else str(held)
    return HostPort(document.host_port, document.container_port, protocol, address, held.version if held else 0)


def _read_rate(direction: str, rate: int, burst: int) -> Rate | None:
    if not rate and not burst:
        return None
    if rate < 8 or burst < 8:
        raise ValueError(
            f"bandwidth: {direction}Rate {rate} and {direction}Burst {burst} come together, 8 bits or more"
        )
    if burst >= _BURST_LIMIT:
        raise ValueError(f"bandwidth: {direction}Burst is {burst}: less than 4 GiB, told in bits")
    return Rate(rate, burst)
