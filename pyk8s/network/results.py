"""The result of an ADD as a value, and as JSON in the form of every version of the specification. Pure.

0.1 and 0.2 know one address of each family (`ip4`, `ip6`) and no interfaces; 0.3 and 0.4 lists, with the family of each
address; 1.0 lists without it; 1.1 adds MTUs and the attributes of routes.
Source: CNI specification, "Success" (1.0, 1.1), "Result" (0.1 to 0.4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import msgspec

VERSIONS = ("0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0")
"""The versions of the specification that are spoken here, oldest first."""

_SINGLE = ("0.1.0", "0.2.0")


class Interface(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A link that was made: `sandbox` is the namespace it is in, "" for the host's own. `mtu` in bytes."""

    name: str = ""
    mac: str = ""
    mtu: int = 0
    sandbox: str = ""


class Ip(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """An address with its prefix length, "10.244.1.5/24", and the number of the interface that has it."""

    address: str = ""
    interface: int | None = None
    gateway: str = ""

    @property
    def family(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.address else 4


class RouteTo(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A route of the pod: to `dst` through `gw`, or through the gateway of its family when `gw` is ""."""

    dst: str
    gw: str = ""
    mtu: int = 0
    advmss: int = 0
    priority: int = 0
    table: int | None = None
    scope: int | None = None

    @property
    def family(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.dst else 4


class Dns(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What a resolver should be told."""

    nameservers: tuple[str, ...] = ()
    domain: str = ""
    search: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What an ADD has made."""

    interfaces: tuple[Interface, ...] = ()
    ips: tuple[Ip, ...] = ()
    routes: tuple[RouteTo, ...] = ()
    dns: Dns = field(default_factory=Dns)


class ResultInvalid(ValueError):
    """A document that is no result: the text names the field."""


class _Single(msgspec.Struct, rename="camel"):
    ip: str = ""
    gateway: str = ""
    routes: tuple[RouteTo, ...] = ()


class _Document(msgspec.Struct, rename="camel"):
    interfaces: tuple[Interface, ...] = ()
    ips: tuple[Ip, ...] = ()
    routes: tuple[RouteTo, ...] = ()
    dns: Dns = msgspec.field(default_factory=Dns)
    ip4: _Single | None = None
    ip6: _Single | None = None


def normal(value: Any, names: Mapping[str, str] = MappingProxyType({})) -> Any:
    """`value` without the members of its objects that are null, as they mean the same as none; and with the members
    that `names` has (by their lower-case names) under their right names.

    Runtimes and plugins are written in Go, whose JSON takes names in any case, and some rely on that: containerd says
    "HostPort" for "hostPort". A member under its right name goes before one in another case.
    """
    if isinstance(value, list):
        return [normal(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, each in value.items():
        right = names.get(key.lower(), key)
        if each is not None and (right == key or right not in value):
            found[right] = normal(each, names)
    return found


def names_of(*documents: type[msgspec.Struct]) -> dict[str, str]:
    """The right names of the members of `documents`, by their lower-case names."""
    return {each.encode_name.lower(): each.encode_name for one in documents for each in msgspec.structs.fields(one)}


_NAMES = names_of(_Document, _Single, Interface, Ip, RouteTo, Dns)


def read_result(document: Any) -> Result:
    """The result in a decoded document of any version. Raises ResultInvalid."""
    if not isinstance(document, dict):
        raise ResultInvalid("a result is a JSON object")
    version = document.get("cniVersion") or "0.1.0"
    if version not in VERSIONS:
        raise ResultInvalid(f"cniVersion: {version!r} is none of {', '.join(VERSIONS)}")
    try:
        held = msgspec.convert(normal(document, _NAMES), _Document)
    except msgspec.ValidationError as why:
        raise ResultInvalid(str(why)) from why
    if version not in _SINGLE:
        return Result(held.interfaces, held.ips, held.routes, held.dns)
    single = [each for each in (held.ip4, held.ip6) if each is not None]
    ips = tuple(Ip(each.ip, None, each.gateway) for each in single)
    return Result((), ips, tuple(route for each in single for route in each.routes), held.dns)


def join(first: Result, then: Result) -> Result:
    """Two results of one chain as one: `then` counts its interfaces on from those of `first`, and its DNS goes before
    where it says anything."""
    offset = len(first.interfaces)
    moved = tuple(
        each if each.interface is None else msgspec.structs.replace(each, interface=each.interface + offset)
        for each in then.ips
    )
    dns = first.dns if then.dns == Dns() else then.dns
    return Result(first.interfaces + then.interfaces, first.ips + moved, first.routes + then.routes, dns)


def part_of(result: Result, name: str, sandbox: str) -> Result:
    """What of a chain's result belongs to the interface `name` in `sandbox`: its addresses and those of no interface.

    All of it when there is no such interface.
    """
    number = next((n for n, each in enumerate(result.interfaces) if (each.name, each.sandbox) == (name, sandbox)), None)
    if number is None:
        return result
    ips = tuple(each for each in result.ips if each.interface in (None, number))
    return Result(result.interfaces, ips, result.routes, result.dns)


def tell_result(result: Result, version: str) -> dict[str, Any]:
    """`result` as the document of `version`."""
    if version in _SINGLE:
        return {"cniVersion": version, **_tell_single(result), "dns": _plain(result.dns)}
    told: dict[str, Any] = {"cniVersion": version}
    newest = version >= "1.1"
    if result.interfaces:
        told["interfaces"] = [_without(_plain(each), () if newest else ("mtu",)) for each in result.interfaces]
    if result.ips:
        told["ips"] = [({"version": str(each.family)} if version < "1" else {}) | _plain(each) for each in result.ips]
    if result.routes:
        told["routes"] = _tell_routes(result.routes, newest)
    return told | {"dns": _plain(result.dns)}


def _tell_single(result: Result) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for family in (4, 6):
        first = next((each for each in result.ips if each.family == family), None)
        if first is None:
            continue
        single: dict[str, Any] = {"ip": first.address}
        if first.gateway:
            single["gateway"] = first.gateway
        if routes := [each for each in result.routes if each.family == family]:
            single["routes"] = _tell_routes(routes, False)
        told[f"ip{family}"] = single
    return told


def _tell_routes(routes: Sequence[RouteTo], newest: bool) -> list[dict[str, Any]]:
    return [_plain(each) if newest else _plain(RouteTo(each.dst, each.gw)) for each in routes]


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(value)
    return {name: list(each) if isinstance(each, tuple) else each for name, each in told.items()}


def _without(told: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in names}
