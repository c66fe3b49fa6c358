"""Which tracked connections to forget when services change. Pure.

Rules decide once a connection. A TCP connection to an endpoint that is gone ends by itself; a UDP "connection" lives on
for as long as its client keeps sending, to an endpoint that is gone or past the one that came.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from pyk8s.kernel.conntrack.values import Flow
from pyk8s.proxy.plan import Intent

Place = tuple[str, int]
"""An address and a port."""


def concerned(before: Iterable[Intent], after: Iterable[Intent]) -> bool:
    """Whether a change from `before` to `after` can leave anything stale: only UDP does."""
    return any(intent.protocol == "udp" for intents in (before, after) for intent in intents)


def plan_forgetting(
    flows: Iterable[Flow], before: Iterable[Intent], after: Iterable[Intent], nodes: Collection[str]
) -> tuple[Flow, ...]:
    """Those of `flows` that no longer go where a new one would: to an endpoint that is none any more, or nowhere while
    there are endpoints now. `nodes` are the addresses of this node, at which node ports are."""
    old, new = _fronts(before, nodes), _fronts(after, nodes)
    return tuple(flow for flow in flows if flow.protocol == "udp" and _is_stale(flow, old, new))


def _is_stale(flow: Flow, old: Mapping[Place, set[Place]], new: Mapping[Place, set[Place]]) -> bool:
    if flow.asked in new:
        endpoints = new[flow.asked]
        translated = flow.answerer != flow.asked
        return flow.answerer not in endpoints and (translated or bool(endpoints))
    return flow.asked in old and flow.answerer in old[flow.asked]


def _fronts(intents: Iterable[Intent], nodes: Collection[str]) -> dict[Place, set[Place]]:
    found: dict[Place, set[Place]] = {}
    for intent in intents:
        if intent.protocol == "udp":
            # Whoever came another way than the one asked of now may use any endpoint of either pool.
            pools = (intent.inside, intent.outside, intent.everyone)
            endpoints = {(each.address, each.port) for pool in pools for each in pool.endpoints}
            for place in _places(intent, nodes):
                found.setdefault(place, set()).update(endpoints)
    return found


def _places(intent: Intent, nodes: Collection[str]) -> Iterator[Place]:
    yield intent.cluster_ip, intent.port
    for address in (*intent.external_ips, *intent.load_balancer_ips):
        yield address, intent.port
    if intent.node_port:
        for address in nodes:
            yield address, intent.node_port
