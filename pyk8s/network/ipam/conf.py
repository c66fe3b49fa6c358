"""What the `ipam` part of a network configuration says, in host-local's words, as typed values. Pure.

Source: host-local's documentation (containernetworking/plugins); the capabilities "ips" and "ipRanges" are of CNI's
CONVENTIONS. `exclude`, addresses or ranges that are never given out, is our own addition to a range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_interface, ip_network

import msgspec

from pyk8s.network.ipam.values import Address, Pool, check_sets
from pyk8s.network.results import RouteTo

HOST_LOCAL = "host-local"
"""The plugin whose work is done here; every other name is a program that is run."""

DATA_FOLDER = "/var/lib/cni/networks"


class RangeDocument(msgspec.Struct, rename="camel"):
    """One range."""

    subnet: str = ""
    range_start: str = ""
    range_end: str = ""
    gateway: str = ""
    exclude: tuple[str, ...] = ()


class IpamDocument(msgspec.Struct, rename="camel"):
    """The `ipam` object; a range may stand in it directly, host-local's older form."""

    type: str = ""
    subnet: str = ""
    range_start: str = ""
    range_end: str = ""
    gateway: str = ""
    exclude: tuple[str, ...] = ()
    ranges: tuple[tuple[RangeDocument, ...], ...] = ()
    routes: tuple[RouteTo, ...] = ()
    data_dir: str = ""
    resolv_conf: str = ""

    @property
    def own_range(self) -> RangeDocument:
        """The range that stands in it directly."""
        return RangeDocument(self.subnet, self.range_start, self.range_end, self.gateway, self.exclude)


@dataclass(frozen=True, slots=True)
class IpamConf:
    """Where addresses come from: `type` "" gives none, HOST_LOCAL gives one of each of `sets`, others are programs.

    `asked` are addresses that were asked for; `resolv_conf` the file that the result's DNS part is read from.
    """

    type: str = ""
    sets: tuple[tuple[Pool, ...], ...] = ()
    routes: tuple[RouteTo, ...] = ()
    asked: tuple[Address, ...] = ()
    data_folder: str = DATA_FOLDER
    resolv_conf: str = ""

    @property
    def delegated(self) -> bool:
        """Whether another program gives the addresses."""
        return self.type not in ("", HOST_LOCAL)


def read_ipam(
    document: IpamDocument,
    *,
    several: bool,
    asked: Sequence[str] = (),
    more_ranges: Sequence[Sequence[RangeDocument]] = (),
) -> IpamConf:
    """The configuration in `document`: `several` says whether a family may have several addresses.

    Raises ValueError, which names the field.
    """
    if "/" in document.type:
        raise ValueError(f"ipam.type is {document.type!r}: the name of a program, without a folder")
    if document.type != HOST_LOCAL:
        return IpamConf(document.type, routes=document.routes)
    wishes = tuple(_address(each) for each in asked)
    ranges = [*more_ranges, *([(document.own_range,)] if document.subnet else []), *document.ranges]
    if not ranges:
        raise ValueError("ipam: neither subnet nor ranges: name a range of addresses")
    sets = tuple(tuple(_pool(each) for each in one) for one in ranges)
    check_sets(sets)
    for family in (4, 6):
        if not several and sum(pools[0].subnet.version == family for pools in sets) > 1:
            raise ValueError("ipam.ranges: before version 0.3.0 an attachment has one address of each family")
    for route in document.routes:
        check_route(route)
    folder = document.data_dir or DATA_FOLDER
    return IpamConf(HOST_LOCAL, sets, document.routes, wishes, folder, document.resolv_conf)


def check_route(route: RouteTo) -> None:
    """Raise ValueError, which names the field, for a route that leads nowhere."""
    try:
        network = ip_network(route.dst)
        gateway = ip_address(route.gw) if route.gw else None
    except ValueError as why:
        raise ValueError(f"ipam.routes: {why}") from why
    if gateway is not None and gateway.version != network.version:
        raise ValueError(f"ipam.routes: {gateway} is no gateway for {network}: the families differ")


def _pool(document: RangeDocument) -> Pool:
    return Pool.of(document.subnet, document.range_start, document.range_end, document.gateway, document.exclude)


def _address(text: str) -> Address:
    try:
        return ip_interface(text).ip
    except ValueError as why:
        raise ValueError(f"{text!r} was asked for and is no address") from why


def asked_addresses(args: Mapping[str, str], in_args: Sequence[str], in_runtime: Sequence[str]) -> tuple[str, ...]:
    """The addresses asked for by CNI_ARGS, `args.cni.ips` and the capability "ips", in this order."""
    return (*filter(None, [args.get("IP", "")]), *in_args, *in_runtime)
