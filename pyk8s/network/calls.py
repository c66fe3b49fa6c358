"""A call of the CNI program: its environment and its standard input as typed values.

Source: CNI specification 0.4.0, 1.0.0 and 1.1.0, "Parameters" and "Section 1: Network configuration format".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, TypeAlias

from pyk8s.network.errors import CniError, Code
from pyk8s.network.ipam.values import Pool, PoolInvalid

VERSIONS = ("0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0")
"""The versions of the specification that are spoken here, oldest first."""

COMMANDS = frozenset({"ADD", "DEL", "CHECK", "VERSION", "GC", "STATUS"})

Network: TypeAlias = IPv4Network | IPv6Network

_CONTAINER_ID = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.\-]*")
_LINK_NAME = re.compile(r"[^/:\s]{1,15}")


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked: `netns` is a path this process can open, "" when the namespace is gone or was not given."""

    command: str
    container: str = ""
    netns: str = ""
    netns_name: str = ""
    link: str = "eth0"
    args: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HostPort:
    """Packets to `port` of this node (of `address` only, when given) go to the pod's `target`."""

    port: int
    target: int
    protocol: str = "tcp"
    address: str = ""


@dataclass(frozen=True, slots=True)
class NetConf:
    """A network configuration with its defaults set and its ranges checked."""

    version: str
    name: str
    type: str
    bridge: str = "cni0"
    mtu: int = 0
    is_gateway: bool = True
    masquerade: bool = False
    hairpin: bool = False
    promiscuous: bool = False
    pools: tuple[tuple[Pool, ...], ...] = ()
    routes: tuple[tuple[str, str], ...] = ()
    data_folder: str = "/var/lib/cni/networks"
    dns: Mapping[str, Any] = field(default_factory=dict)
    host_ports: tuple[HostPort, ...] = ()
    previous: Mapping[str, Any] | None = None
    valid: tuple[tuple[str, str], ...] = ()


def read_call(environment: Mapping[str, str], netns: str | None = None) -> Call:
    """The call that the CNI_ variables describe; `netns` replaces CNI_NETNS when the namespace came as a descriptor.

    Raises CniError 4 for a variable that is missing or wrong.
    """
    command = environment.get("CNI_COMMAND", "")
    if command not in COMMANDS:
        raise _bad_environment(f"CNI_COMMAND is {command!r}: use one of {', '.join(sorted(COMMANDS))}")
    named = environment.get("CNI_NETNS", "")
    call = Call(
        command,
        environment.get("CNI_CONTAINERID", ""),
        named if netns is None else netns,
        named,
        environment.get("CNI_IFNAME", ""),
        _read_args(environment.get("CNI_ARGS", "")),
    )
    if command in ("ADD", "DEL", "CHECK"):
        _check_attachment(call)
    return call


def _check_attachment(call: Call) -> None:
    if not _CONTAINER_ID.fullmatch(call.container):
        raise _bad_environment(f"CNI_CONTAINERID is {call.container!r}: letters, digits, '.', '_' and '-' only")
    if not _LINK_NAME.fullmatch(call.link) or call.link in (".", ".."):
        raise _bad_environment(f"CNI_IFNAME is {call.link!r}: 1 to 15 characters, no '/', ':' or space")
    if call.command != "DEL" and not call.netns_name:
        raise _bad_environment("CNI_NETNS is missing")


def _read_args(text: str) -> dict[str, str]:
    """CNI_ARGS, "KEY=VALUE;KEY=VALUE"."""
    found = {}
    for part in filter(None, text.split(";")):
        key, separator, value = part.partition("=")
        if not separator:
            raise _bad_environment(f"CNI_ARGS has {part!r}: KEY=VALUE is needed")
        found[key] = value
    return found


def read_conf(document: Any) -> NetConf:
    """The configuration in the decoded standard input.

    Raises CniError 1 for a version not spoken here, 7 for a value that makes no sense.
    """
    if not isinstance(document, dict):
        raise CniError(Code.UNDECODABLE, "the network configuration is not a JSON object")
    version = document.get("cniVersion") or "0.1.0"
    if version not in VERSIONS:
        raise CniError(
            Code.INCOMPATIBLE_VERSION, "incompatible CNI versions", f"config is {version!r}, plugin has {VERSIONS}"
        )
    try:
        return _read_conf(version, document)
    except (TypeError, ValueError, AttributeError, KeyError) as why:
        raise CniError(Code.INVALID_CONFIG, "invalid network configuration", str(why)) from why


def _read_conf(version: str, document: dict[str, Any]) -> NetConf:
    ipam = document.get("ipam") or {}
    runtime = document.get("runtimeConfig") or {}
    name = document.get("name") or ""
    if document.get("type") != "loopback" and not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.\-]*", name):
        raise ValueError(f"name is {name!r}: letters, digits, '.', '_' and '-' only")
    mtu = document.get("mtu") or 0
    if not isinstance(mtu, int) or mtu < 0 or mtu > 65535:
        raise ValueError(f"mtu is {mtu!r}: bytes from 68 to 65535, or 0 for the kernel's")
    default_route = bool(document.get("isDefaultGateway"))
    pools = _read_pools(ipam)
    routes = tuple((str(ip_network(each["dst"])), str(each.get("gw") or "")) for each in ipam.get("routes") or ())
    if default_route and not routes:
        routes = tuple(dict.fromkeys((_everything(ranges[0].subnet), "") for ranges in pools))
    return NetConf(
        version=version,
        name=name,
        type=document.get("type") or "",
        bridge=document.get("bridge") or "cni0",
        mtu=mtu,
        is_gateway=bool(document.get("isGateway", False)) or default_route,
        masquerade=bool(document.get("ipMasq")),
        hairpin=bool(document.get("hairpinMode")),
        promiscuous=bool(document.get("promiscMode")),
        pools=pools,
        routes=routes,
        data_folder=ipam.get("dataDir") or "/var/lib/cni/networks",
        dns=document.get("dns") or {},
        host_ports=tuple(_read_port(each) for each in runtime.get("portMappings") or ()),
        previous=document.get("prevResult"),
        valid=tuple((each["containerID"], each["ifname"]) for each in document.get("cni.dev/valid-attachments") or ()),
    )


def _everything(network: Network) -> str:
    return "0.0.0.0/0" if network.version == 4 else "::/0"


def _read_pools(ipam: Mapping[str, Any]) -> tuple[tuple[Pool, ...], ...]:
    """The sets of ranges; each gives a pod one address. `subnet` on its own is host-local's older form of one set."""
    sets = list(ipam.get("ranges") or ())
    if ipam.get("subnet"):
        sets.insert(0, [ipam])
    try:
        return tuple(tuple(_read_pool(each) for each in ranges) for ranges in sets)
    except PoolInvalid as why:
        raise ValueError(str(why)) from why


def _read_pool(value: Mapping[str, Any]) -> Pool:
    return Pool.of(
        value.get("subnet") or "",
        value.get("rangeStart") or "",
        value.get("rangeEnd") or "",
        value.get("gateway") or "",
    )


def _read_port(value: Mapping[str, Any]) -> HostPort:
    port, target = value["hostPort"], value["containerPort"]
    protocol = (value.get("protocol") or "tcp").lower()
    address = value.get("hostIP") or ""
    if address:
        held = ip_address(address)
        address = "" if held.is_unspecified else str(held)
    if protocol not in ("tcp", "udp", "sctp"):
        raise ValueError(f"portMappings: protocol is {protocol!r}: use tcp, udp or sctp")
    for each in (port, target):
        if not isinstance(each, int) or not 0 <= each <= 65535:
            raise ValueError(f"portMappings: {each!r} is not a port")
    return HostPort(port, target, protocol, address)


def _bad_environment(message: str) -> CniError:
    return CniError(Code.INVALID_ENVIRONMENT, "invalid environment", message)
