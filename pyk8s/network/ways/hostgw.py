"""host-gw: a route for each range of each other node, through that node. All nodes must be on one link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyk8s.kernel.route.values import Route
from pyk8s.network.nodes import Node
from pyk8s.network.ways.values import PROTOCOL, Under, Way


def plan_hostgw(name: str, nodes: Iterable[Node], under: Mapping[int, Under]) -> Way:
    """The way of the node `name` to all other `nodes`; pods may send as much at once as the node itself."""
    routes = tuple(
        route for node in others(name, nodes) for range_ in node.ranges for route in direct_routes(node, range_)
    )
    return Way(routes, mtu=min((each.mtu for each in under.values()), default=0))


def others(name: str, nodes: Iterable[Node]) -> list[Node]:
    """All nodes but `name`, in the order of their names: nobody's order of events makes a difference."""
    return sorted((node for node in nodes if node.name != name), key=lambda node: node.name)


def direct_routes(node: Node, range_: str) -> tuple[Route, ...]:
    """The route to one range of a node through its address of the same family; () when it has none."""
    address = node.address_like(range_)
    return (Route(range_, address, protocol=PROTOCOL),) if address else ()
