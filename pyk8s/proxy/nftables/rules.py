"""One service port as elements of maps, and as chains where elements cannot say it. Pure.

A port whose endpoints are all alike is elements only: in `service-ips` its address leads to the chain for so many
endpoints; that one draws one of `address-endpoint-0`, `-1` and so on, where the address leads to the endpoint. A change
of endpoints then costs the kernel next to nothing, whereas a change of any rule makes it walk all rules of the table
again. Chains of their own have only ports with session affinity, whose packets must be remembered, those that keep
their clients' addresses, and the fences of load balancers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_network

from pyk8s.kernel.nftables.values import (
    DROP,
    RETURN,
    Data,
    Dnat,
    Element,
    Goto,
    In,
    Jump,
    Key,
    Map,
    Protocol,
    Remember,
    Rule,
    Set,
    Source,
    SourceLocal,
    Spread,
)
from pyk8s.proxy.nftables.names import (
    CLUSTER_IPS,
    FIREWALL_IPS,
    HAIRPIN,
    MARK,
    NO_NODE_PORTS,
    NO_SERVICES,
    REJECT,
    SERVICE_IPS,
    SERVICE_NODE_PORTS,
    Choice,
    Names,
)
from pyk8s.proxy.plan import Endpoint, Intent, Otherwise, Pool, Settings, admit


@dataclass(frozen=True, slots=True)
class Piece:
    """What one service port needs: elements of the maps, chains and sets of its own, shared chains (`choices`)."""

    elements: tuple[Element, ...] = ()
    chains: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    sets: Mapping[str, Set] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()


def plan_piece(intent: Intent, settings: Settings) -> Piece:
    """What `intent` needs in the table of its family."""
    return _Port(intent, settings).piece()


class _Port:
    """A service port while its piece is made."""

    def __init__(self, intent: Intent, settings: Settings) -> None:
        self.intent = intent
        self.settings = settings
        self.id = intent.id
        self.elements: list[Element] = []
        self.chains: dict[str, tuple[Rule, ...]] = {}
        self.sets: dict[str, Set] = {}
        self.choices: list[Choice] = []

    def piece(self) -> Piece:
        intent = self.intent
        self.elements.append(Element(CLUSTER_IPS.name, (intent.cluster_ip,)))
        self._lead("cluster", SERVICE_IPS, NO_SERVICES, (intent.cluster_ip, intent.protocol, intent.port))
        for address in (*intent.external_ips, *intent.load_balancer_ips):
            self._lead("external", SERVICE_IPS, NO_SERVICES, (address, intent.protocol, intent.port))
        if intent.node_port:
            self._lead("nodeport", SERVICE_NODE_PORTS, NO_NODE_PORTS, (intent.protocol, intent.node_port))
        if intent.source_ranges and intent.load_balancer_ips and intent.everyone.endpoints:
            self._fence()
        self.elements += [Element(HAIRPIN.name, (address, address)) for address in self._addresses()]
        return Piece(tuple(self.elements), self.chains, self.sets, tuple(dict.fromkeys(self.choices)))

    @cached_property
    def names(self) -> Names:
        """What its own chains are called."""
        return Names.of(self.intent)

    def _addresses(self) -> Iterable[str]:
        intent = self.intent
        endpoints = intent.everyone.endpoints
        for pool in (intent.inside, intent.outside):
            if pool is not intent.everyone:
                endpoints += pool.endpoints
        return dict.fromkeys(each.address for each in endpoints)

    def _lead(self, entry: str, fronts: Map, refused: Map, key: Key) -> None:
        """Where packets by `entry` to `key` go."""
        intent = self.intent
        pool = intent.inside if entry == "cluster" else intent.outside
        if not pool.endpoints:
            data: Data = DROP if pool.otherwise is Otherwise.DROP else Goto(REJECT)
            self.elements.append(Element(refused.name, key, data, self.id))
        if entry == "cluster":
            if pool.endpoints:
                self._to(fronts, key, self._chain(pool) if intent.affinity else self._choice(entry, key, pool))
        elif intent.everyone.endpoints:
            own = intent.affinity or intent.keeps_source
            self._to(fronts, key, self._external() if own else self._choice(entry, key, intent.everyone))

    def _to(self, fronts: Map, key: Key, chain: str) -> None:
        self.elements.append(Element(fronts.name, key, Goto(chain), self.id))

    def _choice(self, entry: str, key: Key, pool: Pool) -> str:
        """The shared chain that looks up one of the endpoints of `pool`, and what it finds there."""
        choice = Choice(entry, len(pool.endpoints))
        self.choices.append(choice)
        kind = choice.by
        self.elements += [
            Element(f"{kind}-endpoint-{number}", key, (each.address, each.port))
            for number, each in enumerate(pool.endpoints)
        ]
        return choice.name

    def _chain(self, pool: Pool) -> str:
        """The port's own chain that sends to one of the endpoints of `pool`, by affinity if there is any."""
        name = self.names.service if pool == self.intent.everyone else self.names.local
        if name not in self.chains:
            self.chains[name] = tuple(
                self._remembering(name, pool) if self.intent.affinity else self._drawing(name, pool)
            )
        return name

    def _drawing(self, chain: str, pool: Pool) -> Iterator[Rule]:
        places = tuple((each.address, each.port) for each in pool.endpoints)
        yield Rule(chain, (Protocol(self.intent.protocol),), Dnat(places))

    def _remembering(self, chain: str, pool: Pool) -> Iterator[Rule]:
        """To where the client was sent before, else at random."""
        for each in pool.endpoints:
            yield Rule(chain, (In(("saddr",), self._remembered(each)),), Goto(self.names.endpoint(each)))
        names = tuple(self.names.endpoint(each) for each in pool.endpoints)
        yield Rule(chain, (), Spread(names) if len(names) > 1 else Goto(names[0]))

    def _remembered(self, endpoint: Endpoint) -> str:
        """The set of those that were sent to `endpoint`; its chain is made with it."""
        kept = self.names.affinity(endpoint, self.intent.affinity)
        if kept not in self.sets:
            self.sets[kept] = Set(kept, ("saddr",), self.intent.affinity)
            chain = self.names.endpoint(endpoint)
            place = Dnat(((endpoint.address, endpoint.port),))
            self.chains[chain] = (
                Rule(chain, (Remember(kept),)),
                Rule(chain, (Protocol(self.intent.protocol),), place),
            )
        return kept

    def _external(self) -> str:
        """The port's own chain for packets to its outer addresses."""
        name, intent = self.names.external, self.intent
        if name in self.chains:
            return name
        everyone = Goto(self._chain(intent.everyone))
        if not intent.keeps_source:
            self.chains[name] = (Rule(name, (), Jump(MARK)), Rule(name, (), everyone))
            return name
        rules = [Rule(name, (Source(each),), everyone, "pods") for each in self.settings.cluster_ranges]
        rules += [Rule(name, (SourceLocal(),), target, "this node") for target in (Jump(MARK), everyone)]
        if intent.outside.endpoints:
            rules.append(Rule(name, (), Goto(self._chain(intent.outside))))
        self.chains[name] = tuple(rules)
        return name

    def _fence(self) -> None:
        """Only the ranges that a load balancer admits get through to its addresses."""
        intent = self.intent
        name = self.names.firewall
        admitted = admit(intent, self.settings)
        sources = dict.fromkeys((*map(canonical, admitted.ranges), *admitted.own))
        passing = [Rule(name, (Source(each),), RETURN) for each in sources]
        self.chains[name] = (*passing, Rule(name, (), DROP))
        for address in intent.load_balancer_ips:
            key = (address, intent.protocol, intent.port)
            self.elements.append(Element(FIREWALL_IPS.name, key, Goto(name), self.id))


def canonical(text: str) -> str:
    """A range as the kernel tells it: without bits beyond its length, and one address without a length."""
    network = ip_network(text, strict=False)
    return str(network.network_address) if network.num_addresses == 1 else str(network)
