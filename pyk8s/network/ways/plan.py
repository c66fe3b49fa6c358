"""One view of the Nodes, and the way that was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyk8s.kernel.link.values import Link
from pyk8s.network.nodes import Node
from pyk8s.network.ways.hostgw import plan_hostgw
from pyk8s.network.ways.values import Backend, Settings, Under, Way
from pyk8s.network.ways.vxlan import plan_vxlan


def plan_way(backend: Backend, name: str, nodes: Iterable[Node], under: Mapping[int, Under], settings: Settings) -> Way:
    """The way of the node `name` to all other `nodes`, over what is `under` it by family."""
    if backend == "vxlan":
        return plan_vxlan(name, nodes, under, settings)
    return plan_hostgw(name, nodes, under)


def find_under(links: Iterable[Link], addresses: Iterable[str]) -> dict[int, Under]:
    """What each of the node's own `addresses` lies on, by family; a family whose address no link holds has none."""
    held = {each.split("/")[0]: link for link in links for each in link.addresses}
    found = {}
    for address in addresses:
        if (link := held.get(address)) is not None:
            found[6 if ":" in address else 4] = Under(address, link.name, link.mtu)
    return found
