"""What a service takes when it is written: its cluster address, the node ports of its ports, its health check port."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from random import Random, SystemRandom
from typing import TypeAlias

from pyk8s.api.errors import ApiError, internal, invalid
from pyk8s.api.objectmeta import Object
from pyk8s.api.resources import Resource
from pyk8s.api.validation.causes import invalid as invalid_value
from pyk8s.apiserver.cacher.cacher import Cacher
from pyk8s.apiserver.registry.allocation.families import canonical, family_of, settle
from pyk8s.apiserver.registry.allocation.pool import Holder, Pool
from pyk8s.apiserver.registry.allocation.ranges import Band, address_band, port_band
from pyk8s.apiserver.registry.claims import Claim
from pyk8s.apiserver.registry.config import Config
from pyk8s.apiserver.registry.records import Records
from pyk8s.apiserver.registry.strategies.service import has_address, has_health_port, has_node_ports

NODE_PORTS = Resource(
    group="",
    version="v1",
    kind="NodePortAllocation",
    plural="servicenodeports",
    singular="nodeportallocation",
    namespaced=False,
    definition="",
    verbs=(),
)
"""Stored like an object, served to nobody: which service has which node port."""

ADDRESSES = ("networking.k8s.io", "v1", "ipaddresses")


def address_labels(address: str) -> Mapping[str, str]:
    """The labels of the IPAddress object of `address`. Source: KEP-1880."""
    return {
        "ipaddress.kubernetes.io/ip-family": family_of(address),
        "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
    }


@dataclass(frozen=True, slots=True)
class Range:
    """The addresses of services of one family."""

    network: IPv4Network | IPv6Network
    band: Band

    @classmethod
    def of(cls, network: IPv4Network | IPv6Network) -> Range:
        """The range of that network."""
        return cls(network, address_band(network))

    @property
    def family(self) -> str:
        """IPv4 or IPv6."""
        return f"IPv{self.network.version}"

    def address(self, number: int) -> str:
        """The address that a number of the band stands for."""
        return str(type(self.network.network_address)(number))


Names: TypeAlias = tuple[set[str], set[int]]
"""The addresses and the node ports of a service."""


class Taking:
    """Takes names for one write of one service and remembers which, so that they can be given back."""

    def __init__(self, holder: Holder, dry_run: bool) -> None:
        self.holder = holder
        self._dry_run = dry_run
        self._taken: list[tuple[Pool, str]] = []

    async def named(self, pool: Pool, name: str, *, again: bool = True) -> bool:
        """Take this one; whether it was free, or (with `again`) the holder's already."""
        if self._dry_run:
            free = not pool.is_taken(name) and (pool, name) not in self._taken
        else:
            free = await pool.take(name, self.holder, again=again)
        if free:
            self._taken.append((pool, name))
        return free

    async def any(self, pool: Pool, band: Band, name: Callable[[int], str], random: Random) -> str | None:
        """Take one that is free; None when none is."""
        for number in band.candidates(lambda one: pool.is_taken(name(one)), random):
            if await self.named(pool, name(number), again=False):
                return name(number)
        return None

    async def undo(self) -> None:
        """Give back what was taken."""
        for pool, name in reversed(self._taken if not self._dry_run else []):
            await pool.give(name, self.holder)
        self._taken.clear()


class ServiceClaims:
    """The `Claimant` of services."""

    def __init__(
        self, records: Records, cacher: Cacher, addresses: Resource, config: Config, random: Random | None = None
    ) -> None:
        kept = {config.first_service_ip}
        self.addresses = Pool(records, cacher, addresses, labels=address_labels, kept=kept)
        self.ports = Pool(records, cacher, NODE_PORTS)
        self._ranges = {held.family: held for held in map(Range.of, config.services)}
        self._port_band = port_band(*config.node_ports)
        self._random = random or SystemRandom()

    async def claim(self, new: Object, old: Object | None, dry_run: bool) -> Claim:
        """Take what the service needs and has not. Raises ApiError (Invalid) when what it names is not to be had."""
        spec, causes = settle(new["spec"], old["spec"] if old else None, tuple(self._ranges))
        if causes:
            raise invalid("", "Service", new["metadata"].get("name", ""), causes)
        taking = Taking(Holder.of(new), dry_run)
        before = names_of(old) if old else (set(), set())
        try:
            spec = await self._with_addresses({**new, "spec": spec}, before[0], taking)
            spec = await self._with_ports({**new, "spec": spec}, before[1], taking)
        except BaseException:
            await taking.undo()
            raise
        made = {**new, "spec": spec}
        return Claim(made, taking.undo, self._settling(made, before, taking.holder))

    def _settling(self, made: Object, before: Names, holder: Holder) -> Callable[[], Awaitable[None]]:
        async def settle() -> None:
            addresses, ports = names_of(made)
            for name in before[0] - addresses:
                await self.addresses.give(name, holder)
            for number in before[1] - ports:
                await self.ports.give(str(number), holder)

        return settle

    async def release(self, obj: Object) -> None:
        """Give back all that a removed service had."""
        holder = Holder.of(obj)
        addresses, ports = names_of(obj)
        for name in addresses:
            await self.addresses.give(name, holder)
        for number in ports:
            await self.ports.give(str(number), holder)

    async def _with_addresses(self, new: Object, held: set[str], taking: Taking) -> Object:
        """With an address of each of its families, where it needs some."""
        spec: Object = new["spec"]
        if not has_address(spec):
            return spec
        named: list[str] = spec.get("clusterIPs") or []
        families: list[str] = spec["ipFamilies"]
        addresses = []
        for index, family in enumerate(families):
            wanted = named[index] if index < len(named) else ""
            if not wanted and family not in self._ranges:
                # It prefers two families, and the cluster has one of them only by now.
                continue
            if not wanted:
                wanted = await self._any_address(family, taking)
            elif canonical(wanted) not in held:
                await self._take_address(new, named, wanted, family, taking)
            addresses.append(wanted)
        return {**spec, "clusterIP": addresses[0], "clusterIPs": addresses}

    async def _any_address(self, family: str, taking: Taking) -> str:
        held = self._ranges[family]
        found = await taking.any(self.addresses, held.band, held.address, self._random)
        if found is None:
            raise internal("failed to allocate a serviceIP: range is full")
        return found

    async def _take_address(self, new: Object, named: list[str], wanted: str, family: str, taking: Taking) -> None:
        held = self._ranges[family]
        if int(ip_address(wanted)) not in held.band:
            why = (
                f"failed to allocate IP {wanted}: the provided IP ({wanted}) is not in the valid range. "
                f"The range of valid IPs is {held.network}"
            )
            raise _refused(new, "spec.clusterIPs", named, why)
        if not await taking.named(self.addresses, canonical(wanted)):
            why = f"failed to allocate IP {wanted}: provided IP is already allocated"
            raise _refused(new, "spec.clusterIPs", named, why)

    async def _with_ports(self, new: Object, held: set[int], taking: Taking) -> Object:
        spec: Object = new["spec"]
        ports: list[Object] = []
        mine = set(held)
        by_number: dict[tuple[int, str], int] = {}
        for index, port in enumerate(spec.get("ports") or ()):
            number = port.get("nodePort")
            if number:
                await self._take_port(new, f"spec.ports[{index}].nodePort", number, mine, taking)
            elif has_node_ports(spec):
                # TCP and UDP of one port of a service share a node port when none is named.
                number = _shared(by_number, port) or await self._any_port(taking)
                mine.add(number)
                port = {**port, "nodePort": number}
            if number:
                by_number[port.get("port", 0), port.get("protocol", "TCP")] = number
            ports.append(port)
        if ports:
            spec = {**spec, "ports": ports}
        if not has_health_port(spec):
            return spec
        number = spec.get("healthCheckNodePort")
        if number:
            await self._take_port(new, "spec.healthCheckNodePort", number, mine, taking)
            return spec
        return {**spec, "healthCheckNodePort": await self._any_port(taking)}

    async def _take_port(self, new: Object, at: str, number: int, mine: set[int], taking: Taking) -> None:
        if number in mine:
            return
        if number not in self._port_band:
            band = f"{self._port_band.first}-{self._port_band.last}"
            raise _refused(
                new, at, number, f"provided port is not in the valid range. The range of valid ports is {band}"
            )
        if not await taking.named(self.ports, str(number)):
            raise _refused(new, at, number, "provided port is already allocated")
        mine.add(number)

    async def _any_port(self, taking: Taking) -> int:
        found = await taking.any(self.ports, self._port_band, str, self._random)
        if found is None:
            raise internal("failed to allocate a nodePort: range is full")
        return int(found)


def _shared(given: dict[tuple[int, str], int], port: Object) -> int:
    """The node port that another protocol of the same port has been given, 0 when there is none."""
    same = (n for (p, protocol), n in given.items() if p == port["port"] and protocol != port["protocol"])
    return next(same, 0)


def names_of(service: Object) -> Names:
    """The addresses and the node ports that a service holds."""
    spec = service.get("spec") or {}
    named = spec.get("clusterIPs") or ([spec["clusterIP"]] if spec.get("clusterIP") else [])
    addresses = set(map(canonical, named)) if has_address(spec) else set()
    ports = {port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")}
    if spec.get("healthCheckNodePort"):
        ports.add(spec["healthCheckNodePort"])
    return addresses, ports


def _refused(service: Object, at: str, value: object, why: str) -> ApiError:
    return invalid("", "Service", service["metadata"].get("name", ""), [invalid_value(at, value, why)])
