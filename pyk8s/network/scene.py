"""What a node looks at before it changes its network: the Nodes, its links, and the way that follows from both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyk8s.kernel.link.values import Link
from pyk8s.network.config import Config
from pyk8s.network.errors import RangesClash
from pyk8s.network.ground import Ground
from pyk8s.network.nodes import Node, clash
from pyk8s.network.ways.plan import find_under, plan_way
from pyk8s.network.ways.values import Backend, Under, Way


@dataclass(frozen=True, slots=True)
class Scene:
    """This node, the links it has, what packets leave it by, and the way to the others."""

    own: Node
    seen: Mapping[str, Link]
    under: Mapping[int, Under]
    way: Way


def look(settings: Config, nodes: Sequence[Node], backend: Backend, ground: Ground) -> Scene:
    """The scene as it is now. Raises KernelError, or RangesClash when two nodes would answer for one address."""
    name = settings.node
    own = next((node for node in nodes if node.name == name), Node(name))
    if other := clash(name, nodes):
        raise RangesClash(f"node {other} claims {', '.join(own.ranges)} as well: give one of them another podCIDR")
    seen = ground.links.observe()
    under = find_under(seen.values(), settings.addresses)
    return Scene(own, seen, under, plan_way(backend, name, nodes, under, settings.vxlan))
