"""Host ports: a port of the node that leads to one pod. Rules as values, and the record of who has which.

The record is the truth; rules follow from it, so that no state of the kernel has to be read to change them.
Source: the reference plugin portmap and CNI's CONVENTIONS, capability "portMappings".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from collections.abc import Mapping as MappingOf
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from ipaddress import ip_interface
from pathlib import Path
from typing import Protocol

import orjson

from pyk8s.kernel.errors import Refused
from pyk8s.kernel.iptables.values import (
    DROP,
    Connection,
    Destination,
    DestinationLocal,
    DestinationPort,
    Dnat,
    In,
    Jump,
    Masquerade,
    Match,
    Put,
    Remove,
    Rule,
    Source,
    Tables,
    Transaction,
    plan_jumps,
)
from pyk8s.kernel.iptables.values import Protocol as OfProtocol
from pyk8s.network.conf import HostPort
from pyk8s.network.errors import ReservationLost
from pyk8s.network.lock import locked
from pyk8s.network.masquerade import HOST_PORTS, HOST_PORTS_GUARD, HOST_PORTS_HAIRPIN

_LOOPBACK = "127.0.0.0/8"


class Rules(Protocol):
    """The packet rules of one address family."""

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`."""
        ...

    def observe(self, *tables: str) -> Tables:
        """The chains of `tables`."""
        ...


@dataclass(frozen=True, slots=True)
class Mapping:
    """The host ports of one pod: `owner` is "container/link", `addresses` the pod's ("10.244.1.2/24"), one a family.

    `snat` lets those reach the pod who cannot be answered otherwise: its neighbours on the bridge, and the node itself.
    """

    owner: str
    addresses: tuple[str, ...]
    ports: tuple[HostPort, ...]
    network: str = ""
    snat: bool = True

    @property
    def chain(self) -> str:
        """The pod's own chain."""
        return f"PYK8S-HP-{sha256(self.owner.encode()).hexdigest()[:16].upper()}"

    def address(self, family: int) -> str:
        """The pod's address of the family, with its prefix length, or ""."""
        return next((each for each in self.addresses if (":" in each) == (family == 6)), "")

    @property
    def from_loopback(self) -> bool:
        """Whether the node itself reaches the pod from 127.0.0.1: then its bridge must let such packets pass."""
        return self.snat and bool(self.of(4))

    def of(self, family: int) -> tuple[HostPort, ...]:
        """Its host ports of the family."""
        return tuple(port for port in self.ports if port.family in (0, family)) if self.address(family) else ()


def plan_host_ports(
    mappings: Sequence[Mapping], written: Iterable[Mapping], gone: Collection[Mapping] = (), *, family: int = 4
) -> Transaction:
    """The chains of the family: the common ones for all `mappings`, the pods' own for those to be `written`, and those
    of the `gone` removed. () when none of them has to do with the family."""
    here = [each for each in mappings if each.of(family)]
    left = [each for each in gone if each.of(family)]
    own = [each for each in written if each.of(family)]
    if not own and not left:
        return ()
    entry = tuple(Rule((), Jump(each.chain)) for each in here)
    answers = tuple(
        Rule(matches, Masquerade())
        for each in here
        for port in each.of(family)
        for matches in _returning(each, port, family)
    )
    puts = [Put("nat", each.chain, tuple(_to_pod(each, port, family) for port in each.of(family))) for each in own]
    common = (Put("nat", HOST_PORTS, entry), Put("nat", HOST_PORTS_HAIRPIN, answers))
    return (*puts, *common, *(Remove("nat", each.chain) for each in left))


JUMPS: MappingOf[tuple[str, str], tuple[Rule, ...]] = {
    ("nat", "PREROUTING"): (Rule((DestinationLocal(),), Jump(HOST_PORTS)),),
    ("nat", "OUTPUT"): (Rule((DestinationLocal(),), Jump(HOST_PORTS)),),
    ("nat", "POSTROUTING"): (Rule((), Jump(HOST_PORTS_HAIRPIN)),),
}
"""Where the built-in chains look for host ports."""


_STRANGER = (
    In("lo", negated=True),
    Destination(_LOOPBACK),
    Connection(("RELATED", "ESTABLISHED", "DNAT"), negated=True),
)

GUARD: Transaction = (Put("filter", HOST_PORTS_GUARD, (Rule(_STRANGER, DROP, "only answers come to 127.0.0.1"),)),)
"""Who lets packets from 127.0.0.1 pass a bridge (route_localnet) lets its neighbours there send some to 127.0.0.1 as
well: what is no answer to the node goes no further. Source: CVE-2020-8558."""

GUARD_JUMPS: MappingOf[tuple[str, str], tuple[Rule, ...]] = {("filter", "INPUT"): (Rule((), Jump(HOST_PORTS_GUARD)),)}
"""Before all other rules, which may accept what the guard does not."""


def _to_pod(mapping: Mapping, port: HostPort, family: int) -> Rule:
    place = (Destination(_single(port.address)),) if port.address else ()
    pod = str(ip_interface(mapping.address(family)).ip)
    return Rule(
        (OfProtocol(port.protocol), *place, DestinationPort(port.protocol, port.port)),
        Dnat(f"[{pod}]:{port.target}" if family == 6 else f"{pod}:{port.target}"),
        mapping.owner,
    )


def _single(address: str) -> str:
    return f"{address}/{128 if ':' in address else 32}"


def _returning(mapping: Mapping, port: HostPort, family: int) -> Iterable[tuple[Match, ...]]:
    """Packets to the pod whose answers would not come back by the node: those of its own range, which is on the same
    bridge, itself included; and the node's own from 127.0.0.1, to which no pod can answer."""
    if not mapping.snat:
        return
    pod = ip_interface(mapping.address(family))
    to_pod = (Destination(_single(str(pod.ip))), DestinationPort(port.protocol, port.target))
    yield OfProtocol(port.protocol), Source(str(pod.network)), *to_pod
    if family == 4:
        yield OfProtocol(port.protocol), Source(_LOOPBACK), *to_pod


class HostPorts:
    """The host ports of this node: files in `folder`, one a pod, and the rules made of them, by address family."""

    def __init__(self, folder: str | Path, rules: Rules, rules6: Rules | None = None) -> None:
        self._folder = Path(folder)
        self._rules: dict[int, Rules] = {4: rules} | ({6: rules6} if rules6 is not None else {})
        self._jumping: set[int] = set()

    def put(self, mapping: Mapping) -> None:
        """Lead the ports of `mapping` to its pod. The record comes first: what it names can always be taken away."""
        with locked(self._folder):
            temporary = self._folder / ".scratch"
            temporary.write_bytes(orjson.dumps(asdict(mapping)))
            temporary.replace(self._folder / mapping.chain)
            everything = self._read()
            for family, rules in self._rules.items():
                if not mapping.of(family):
                    continue
                if family in self._jumping:
                    with suppress(Refused):  # somebody has flushed the rules: everything is written again
                        rules.run(plan_host_ports(everything, (mapping,), family=family))
                        continue
                self._write_all(family, everything)

    def drop(self, owner: str) -> bool:
        """Take away the ports of `owner`; whether it had some."""
        record = self._folder / Mapping(owner, (), ()).chain
        if not record.exists():
            return False
        with locked(self._folder):
            if record.exists():
                self._take_away([_decode(record)])
        return True

    def keep(self, owners: Collection[str], *, older_than: float, network: str | None = None) -> list[str]:
        """Take away the ports of everybody who is not among `owners`, is of `network` (None is any) and whose record is
        from before `older_than` (seconds since 1970); whose they were."""
        if not self._folder.is_dir():
            return []
        with locked(self._folder):
            stale = [
                each
                for each in self._read()
                if each.owner not in owners and network in (None, each.network) and self._made(each) < older_than
            ]
            self._take_away(stale)
            return [each.owner for each in stale]

    def has(self, owner: str) -> bool:
        """Whether the rules of `owner`'s ports are in place."""
        record = self._folder / Mapping(owner, (), ()).chain
        if not record.exists():
            return False
        mapping = _decode(record)
        held = {family: rules.observe("nat")["nat"] for family, rules in self._rules.items() if mapping.of(family)}
        return all(
            mapping.chain in chains and any(rule.target == Jump(mapping.chain) for rule in chains.get(HOST_PORTS, ()))
            for chains in held.values()
        )

    def restore(self) -> None:
        """Write all rules again from the records, as after a start of the node."""
        if not self._folder.is_dir():
            return
        with locked(self._folder):
            everything = self._read()
            for family in self._rules:
                if any(each.of(family) for each in everything):
                    self._write_all(family, everything)

    def answers_loopback(self, network: str) -> bool:
        """Whether the node itself reaches a pod of `network` from 127.0.0.1."""
        if not self._folder.is_dir():
            return False
        with locked(self._folder):
            return any(each.from_loopback for each in self._read() if each.network == network)

    def _made(self, mapping: Mapping) -> float:
        return (self._folder / mapping.chain).stat().st_mtime

    def _take_away(self, gone: Sequence[Mapping]) -> None:
        names = {each.chain for each in gone}
        rest = [each for each in self._read() if each.chain not in names]
        for family, rules in self._rules.items():
            if not any(each.of(family) for each in gone):
                continue
            try:
                rules.run(plan_host_ports(rest, (), gone, family=family))
            except Refused:
                # A chain is missing that should be there: write all of them, so that each can be taken away.
                rules.run(plan_host_ports(rest, (*rest, *gone), family=family))
                rules.run(plan_host_ports(rest, (), gone, family=family))
        for name in names:
            (self._folder / name).unlink(missing_ok=True)

    def _write_all(self, family: int, mappings: Sequence[Mapping]) -> None:
        rules = self._rules[family]
        rules.run((*(GUARD if family == 4 else ()), *plan_host_ports(mappings, mappings, family=family)))
        if family == 4:
            rules.run(plan_jumps(GUARD_JUMPS, rules.observe("filter"), first=True))
        rules.run(plan_jumps(JUMPS, rules.observe("nat"), first=False))
        self._jumping.add(family)

    def _read(self) -> list[Mapping]:
        return [_decode(file) for file in sorted(self._folder.glob("PYK8S-HP-*"))]


def _decode(file: Path) -> Mapping:
    try:
        value = orjson.loads(file.read_bytes())
        ports = tuple(HostPort(**port) for port in value["ports"])
        return Mapping(value["owner"], tuple(value["addresses"]), ports, value["network"], value["snat"])
    except (ValueError, KeyError, TypeError) as why:
        raise ReservationLost(f"{file} is no record of host ports ({why}): remove it") from why
