"""Host ports: a port of the node that leads to one pod. Rules as values, and the record of who has which.

The chains are written whole from the record every time; there are few, and so no state of the kernel has to be read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import orjson

from pyk8s.kernel.iptables.values import (
    Destination,
    DestinationLocal,
    DestinationPort,
    Dnat,
    Jump,
    Masquerade,
    Put,
    Remove,
    Rule,
    Source,
    Tables,
    Transaction,
    plan_jumps,
)
from pyk8s.kernel.iptables.values import Protocol as OfProtocol
from pyk8s.network.calls import HostPort
from pyk8s.network.errors import ReservationLost
from pyk8s.network.lock import locked
from pyk8s.network.masquerade import HOST_PORTS, HOST_PORTS_HAIRPIN


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
    """The host ports of one pod: `owner` is "container/link", `address` the pod's."""

    owner: str
    address: str
    ports: tuple[HostPort, ...]

    @property
    def chain(self) -> str:
        """The pod's own chain."""
        return f"PYK8S-HP-{sha256(self.owner.encode()).hexdigest()[:16].upper()}"


def plan_host_ports(mappings: Sequence[Mapping], gone: Collection[str] = ()) -> Transaction:
    """The chains for `mappings`, written whole; the chains `gone` are removed."""
    entry = tuple(Rule((), Jump(each.chain)) for each in mappings)
    hairpin = tuple(Rule(_from_itself(each, port), Masquerade()) for each in mappings for port in each.ports)
    hairpin += tuple(Rule(_from_node(each, port), Masquerade()) for each in mappings for port in each.ports)
    puts = [Put("nat", each.chain, tuple(_to_pod(each, port) for port in each.ports)) for each in mappings]
    removals = [Remove("nat", chain) for chain in sorted(gone)]
    return (*puts, Put("nat", HOST_PORTS, entry), Put("nat", HOST_PORTS_HAIRPIN, hairpin), *removals)


JUMPS: MappingOf[tuple[str, str], tuple[Rule, ...]] = {
    ("nat", "PREROUTING"): (Rule((DestinationLocal(),), Jump(HOST_PORTS)),),
    ("nat", "OUTPUT"): (Rule((DestinationLocal(),), Jump(HOST_PORTS)),),
    ("nat", "POSTROUTING"): (Rule((), Jump(HOST_PORTS_HAIRPIN)),),
}
"""Where the built-in chains look for host ports."""


def _to_pod(mapping: Mapping, port: HostPort) -> Rule:
    place = (Destination(f"{port.address}/32"),) if port.address else ()
    return Rule(
        (OfProtocol(port.protocol), *place, DestinationPort(port.protocol, port.port)),
        Dnat(f"{mapping.address}:{port.target}"),
        mapping.owner,
    )


def _from_itself(mapping: Mapping, port: HostPort) -> tuple[OfProtocol | Source | Destination | DestinationPort, ...]:
    """A pod that reaches itself through its host port: the answer must come back through the node."""
    pod = f"{mapping.address}/32"
    return OfProtocol(port.protocol), Source(pod), Destination(pod), DestinationPort(port.protocol, port.target)


def _from_node(mapping: Mapping, port: HostPort) -> tuple[OfProtocol | Source | Destination | DestinationPort, ...]:
    """The node that reaches the pod through 127.0.0.1: no pod can answer to that."""
    pod = f"{mapping.address}/32"
    loopback = Source("127.0.0.0/8")
    return OfProtocol(port.protocol), loopback, Destination(pod), DestinationPort(port.protocol, port.target)


class HostPorts:
    """The host ports of this node: files in `folder`, one a pod, and the rules made of them."""

    def __init__(self, folder: str | Path, rules: Rules) -> None:
        self._folder = Path(folder)
        self._rules = rules

    def put(self, mapping: Mapping) -> None:
        """Lead the ports of `mapping` to its pod. The record comes first: what it names can always be taken away."""
        with locked(self._folder):
            temporary = self._folder / ".scratch"
            temporary.write_bytes(orjson.dumps(asdict(mapping)))
            temporary.replace(self._folder / mapping.chain)
            self._write(())
            self._rules.run(plan_jumps(JUMPS, self._rules.observe("nat"), first=False))

    def drop(self, owner: str) -> bool:
        """Take away the ports of `owner`; whether it had some."""
        record = self._folder / Mapping(owner, "", ()).chain
        if not record.exists():
            return False
        with locked(self._folder):
            self._write((record.name,))
            record.unlink(missing_ok=True)
        return True

    def keep(self, owners: Collection[str], *, older_than: float) -> list[str]:
        """Take away the ports of everybody who is not among `owners` and whose record is from before `older_than`
        (seconds since 1970); whose they were."""
        if not self._folder.is_dir():
            return []
        with locked(self._folder):
            records = self._read(())
            stale = [each for each in records if each.owner not in owners and self._made(each) < older_than]
            if stale:
                self._write([each.chain for each in stale])
                for each in stale:
                    (self._folder / each.chain).unlink(missing_ok=True)
            return [each.owner for each in stale]

    def _made(self, mapping: Mapping) -> float:
        return (self._folder / mapping.chain).stat().st_mtime

    def restore(self) -> None:
        """Write all rules again from the records, as after a start of the node."""
        if not self._folder.is_dir():
            return
        with locked(self._folder):
            if self._read(()):
                self._write(())
                self._rules.run(plan_jumps(JUMPS, self._rules.observe("nat"), first=False))

    def _write(self, gone: Collection[str]) -> None:
        self._rules.run(plan_host_ports(self._read(gone), gone))

    def _read(self, without: Collection[str]) -> list[Mapping]:
        found = []
        for file in sorted(self._folder.glob("PYK8S-HP-*")):
            if file.name not in without:
                found.append(_decode(file))
        return found


def _decode(file: Path) -> Mapping:
    try:
        value = orjson.loads(file.read_bytes())
        return Mapping(value["owner"], value["address"], tuple(HostPort(**port) for port in value["ports"]))
    except (ValueError, KeyError, TypeError) as why:
        raise ReservationLost(f"{file} is no record of host ports ({why}): remove it") from why
