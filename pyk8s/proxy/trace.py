"""What the plan itself says of a packet, whatever carries it out: the first of the interpreters, and the shortest.

Pure. Where it and a mode's walk over its rules differ, the mode is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from pyk8s.proxy.packet import Fate, Ground, Packet, Way, place
from pyk8s.proxy.plan import Endpoint, Intent, Otherwise, Pool, Settings, admit, within

LOOPBACK = {4: "127.0.0.0/8", 6: "::1/128"}


def trace(intents: Iterable[Intent], packet: Packet, ground: Ground, settings: Settings) -> frozenset[Way]:
    """Every way that `packet` can go on the node of `ground` when `intents` are all that its services mean."""
    held = tuple(intents)
    for intent in held:
        entry = _entry(intent, packet, ground, settings)
        if entry:
            return frozenset(_Port(intent, packet, ground, settings, entry).ways())
    if any(packet.destination == intent.cluster_ip for intent in held):
        return frozenset(
            {Way(Fate("rejected"), (f"{packet.destination} has no port {packet.port}/{packet.protocol}",))}
        )
    return frozenset({Way(Fate("passes"), ("no service is asked for",))})


def _entry(intent: Intent, packet: Packet, ground: Ground, settings: Settings) -> str:
    """As what `packet` asks for the service: "cluster IP", "external IP", "load balancer IP", "node port"; "": not."""
    if packet.protocol != intent.protocol:
        return ""
    if packet.port == intent.port:
        if packet.destination == intent.cluster_ip:
            return "cluster IP"
        if packet.destination in intent.external_ips:
            return "external IP"
        if packet.destination in intent.load_balancer_ips:
            return "load balancer IP"
    if packet.port == intent.node_port and _has_node_ports(packet.destination, ground, settings):
        return "node port"
    return ""


def _has_node_ports(address: str, ground: Ground, settings: Settings) -> bool:
    if not ground.is_local(address):
        return False
    if ip_address(address).is_loopback:
        # The kernel routes 127.0.0.1 for a program on the node, never ::1.
        return settings.localhost and settings.family == 4 and _within(address, settings.node_port_ranges, True)
    return _within(address, settings.node_port_ranges, True)


def _within(address: str, ranges: Iterable[str], otherwise: bool) -> bool:
    held = tuple(ranges)
    return within(address, held) if held else otherwise


@dataclass(frozen=True, slots=True)
class _Port:
    """A packet that asks for a service port by `entry`."""

    intent: Intent
    packet: Packet
    ground: Ground
    settings: Settings
    entry: str

    def ways(self) -> Iterator[Way]:
        why = f"{self.intent.id}: {self.entry} {place(self.packet.destination, self.packet.port)}"
        if self.entry == "cluster IP":
            foreign = not _within(self.packet.source, self.settings.cluster_ranges, True)
            return self._choose(self.intent.inside, self.settings.masquerade_all or foreign, why)
        if self.entry == "load balancer IP" and self.intent.everyone.endpoints and not self._admits():
            return iter([Way(Fate("dropped"), (why, f"{self.packet.source} is in no range of the load balancer"))])
        if not self.intent.keeps_source:
            return self._choose(self.intent.everyone, True, why)
        if _within(self.packet.source, self.settings.cluster_ranges, False):
            return self._choose(self.intent.everyone, False, f"{why}, from a pod", self.intent.outside)
        if self.ground.is_local(self.packet.source):
            return self._choose(self.intent.everyone, True, f"{why}, from this node", self.intent.outside)
        return self._choose(self.intent.outside, False, f"{why}, local endpoints only")

    def _admits(self) -> bool:
        return admit(self.intent, self.settings).admits(self.packet.source)

    def _choose(self, pool: Pool, masquerade: bool, why: str, otherwise: Pool | None = None) -> Iterator[Way]:
        endpoints = tuple(each for each in pool.endpoints if _name(each) in self.ground.seen) or pool.endpoints
        if not self.intent.affinity:
            endpoints = pool.endpoints
        if not endpoints:
            dropped = (otherwise or pool).otherwise is Otherwise.DROP
            said = "no endpoints" if not dropped else "no local endpoints"
            yield Way(Fate("dropped" if dropped else "rejected"), (why, said))
        for each in endpoints:
            # A packet that came to the node and stays there leaves by no link whose address it could take.
            stays = self.ground.is_local(each.address) and not self.ground.is_local(self.packet.source)
            masqueraded = not stays and (masquerade or each.address == self.packet.source)
            step = f"endpoint {_name(each)}, one of {len(pool.endpoints)}"
            yield Way(Fate("goes", _name(each), masqueraded), (why, step))


def _name(endpoint: Endpoint) -> str:
    return place(endpoint.address, endpoint.port)
