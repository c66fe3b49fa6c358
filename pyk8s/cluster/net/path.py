"""The way of a packet: by the plan, by the rules that carry it out, and by what the kernels on its way have and count.

A way is walked node by node: the node that the packet comes to first decides about the service, its routes say where it
goes on, and the node it goes on to delivers it, or decides about a node port of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pyk8s.cluster.net.sites import Site
from pyk8s.kernel.shown import Shown, packets_by_step
from pyk8s.network import sight as ways
from pyk8s.network.keeper import BRIDGE
from pyk8s.network.sight import Network
from pyk8s.proxy.packet import Fate, Ground, Packet, UnknownRule, Way, split_place
from pyk8s.proxy.trace import trace

Counts = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Step:
    """One decision. `at` says whose: "service" (the plan's), a mode of the proxy, "route", "source". `plan` is the rule
    and `kernel` what the kernel has of it; `before` and `after` a probe the packets that it has counted."""

    node: str
    at: str
    plan: str
    kernel: str = ""
    before: int | None = None
    after: int | None = None
    decides: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """One of the ways that chance allows, and its end."""

    fate: Fate
    steps: tuple[Step, ...]

    @property
    def decides(self) -> Step:
        """The step that decides about the packet's fate."""
        return next((each for each in self.steps if each.decides), self.steps[-1])

    @property
    def taken(self) -> bool:
        """Whether a probe has gone this way, as far as counters tell."""
        return self.decides.after is not None and self.decides.after != self.decides.before


@dataclass(frozen=True, slots=True)
class Path:
    """All ways of a packet. `surprises` are sentences about kernels that would do otherwise than planned; `probe` is
    what came of a real packet, "" when none was sent."""

    source: str
    target: str
    packet: Packet
    branches: tuple[Branch, ...]
    surprises: tuple[str, ...] = ()
    probe: str = ""

    def document(self) -> Mapping[str, Any]:
        """As JSON carries it."""
        packet = self.packet
        made: dict[str, Any] = {
            "from": {"name": self.source, "address": packet.source},
            "to": {"name": self.target, "address": packet.destination, "port": packet.port},
            "protocol": packet.protocol,
            "ways": [_branch(each) for each in self.branches],
            "surprises": list(self.surprises),
        }
        return {**made, "probe": self.probe} if self.probe else made


def _branch(branch: Branch) -> dict[str, Any]:
    fate, decides = branch.fate, branch.decides
    return {
        "fate": fate.what,
        "to": fate.to,
        "masqueraded": fate.masqueraded,
        "decides": {"node": decides.node, "at": decides.at, "rule": decides.plan},
        "taken": branch.taken,
        "steps": [
            {"node": each.node, "at": each.at, "plan": each.plan, "kernel": each.kernel}
            | ({"packets": each.before} if each.before is not None else {})
            | ({"packetsAfter": each.after} if each.after is not None else {})
            for each in branch.steps
        ],
    }


@dataclass(slots=True)
class Stop:
    """A node on the way as it is now: its proxy's view, its network, and what both have counted."""

    site: Site
    network: Network
    ground: Ground
    planned: Shown
    counts: Counts
    rules: Counts
    plan: frozenset[Way]
    mode: frozenset[Way]
    kernel: frozenset[Fate] | str


def stop_at(site: Site, packet: Packet) -> Stop:
    """Look at a node for the sake of `packet`. Blocks; raises KernelError."""
    wanted, view = site.wanted(packet.family), site.view(packet.family)
    planned, found = view.planned(), view.observe()
    network, seen = site.net()
    ground = Ground(site.addresses())
    intents = [each for meant in wanted.intents.values() for each in meant]
    try:
        kernel: frozenset[Fate] | str = frozenset(way.fate for way in view.trace_kernel(packet, ground))
    except UnknownRule as why:
        kernel = f"somebody else's rule: {why}"
    except KeyError as why:
        kernel = f"there is no {why.args[0]}"
    return Stop(
        site, network, ground, planned,
        packets_by_step(planned, found),
        packets_by_step(network.planned(), network.found(seen)),
        trace(intents, packet, ground, wanted.settings),
        view.trace_plan(packet, ground),
        kernel,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk over the nodes `sites`."""

    sites: Mapping[str, Site]

    def branches(self, packet: Packet, node: str, *, arrived: bool = False) -> Iterator[tuple[Branch, str]]:
        """Every way of `packet`, from the node that it comes to first; with a sentence when that node's kernel would do
        otherwise than planned. Blocks; raises KernelError. `arrived`: from another node."""
        stop = stop_at(self.sites[node], packet)
        surprise = _surprise(stop)
        for way in sorted(stop.mode, key=lambda way: (way.fate.what, way.fate.to, way.steps)):
            told = list(_service_steps(stop, way.fate))
            told += _rule_steps(stop, way)
            yield from ((each, surprise) for each in self._onward(stop, packet, way, told, arrived))

    def _onward(self, stop: Stop, packet: Packet, way: Way, told: list[Step], arrived: bool) -> Iterator[Branch]:
        if way.fate.what in ("rejected", "dropped"):
            yield Branch(way.fate, _decided(told))
            return
        goal = split_place(way.fate.to)[0] if way.fate.to else packet.destination
        told += self._leave(stop, packet, goal, way.fate.masqueraded)
        there = self._next(stop, goal)
        if there is None:
            yield Branch(way.fate, _decided(told))
        elif way.fate.what == "passes" and not arrived and goal in there.node.addresses:
            for branch, _ in self.branches(packet, there.name, arrived=True):
                yield Branch(branch.fate, (*told, *branch.steps))
        else:
            network, _ = there.net()
            found = ways.look_up(there.netns, goal)
            yield Branch(way.fate, _decided([*told, Step(there.name, "route", network.route(goal).text, found)]))

    def _leave(self, stop: Stop, packet: Packet, goal: str, masqueraded: bool) -> Iterator[Step]:
        """By what the packet leaves the node."""
        here, own = stop.site, stop.ground.is_local(packet.source)
        if not own and not masqueraded and (rule := stop.network.source_rule(packet.source, goal)):
            yield Step(here.name, "source", rule, _stands(stop.rules, rule), stop.rules.get(rule))
        back = stop.network.route(packet.source)
        more = {"source": packet.source, "link": BRIDGE} if back.pod and back.node == here.name else {}
        yield Step(here.name, "route", stop.network.route(goal).text, ways.look_up(here.netns, goal, **more))

    def _next(self, stop: Stop, address: str) -> Site | None:
        """The node that a packet to `address` goes on to; None when it is delivered here, or leaves the cluster."""
        name = stop.network.route(address).node
        return self.sites.get(name) if name != stop.site.name else None


def _service_steps(stop: Stop, fate: Fate) -> Iterator[Step]:
    """What the plan itself says that ends in `fate`."""
    for way in stop.plan:
        if way.fate == fate:
            yield Step(stop.site.name, "service", "; ".join(way.steps))
            return


def _rule_steps(stop: Stop, way: Way) -> list[Step]:
    """The rules that carry it out, in the order that the packet meets them; the one that decides is marked."""
    made = [
        Step(stop.site.name, stop.site.mode, each, _stands(stop.counts, each), stop.counts.get(each))
        for each in way.steps
    ]
    if made and way.fate.what != "passes":
        at = deciding(way)
        made[at] = replace(made[at], decides=True)
    return made


def deciding(way: Way) -> int:
    """Which of the steps of `way` decides: the last that names where the packet goes, else the last of all."""
    if way.fate.to:
        address, port = split_place(way.fate.to)
        for at in reversed(range(len(way.steps))):
            if address in way.steps[at] and str(port) in way.steps[at]:
                return at
    return len(way.steps) - 1


def _decided(steps: list[Step]) -> tuple[Step, ...]:
    """`steps` with one that decides: the rule that was found to, else the last route, else the last of all."""
    if any(each.decides for each in steps):
        return tuple(steps)
    routes = [at for at, each in enumerate(steps) if each.at == "route"]
    at = routes[-1] if routes else len(steps) - 1
    return tuple(replace(each, decides=number == at) for number, each in enumerate(steps))


def _stands(counts: Counts, step: str) -> str:
    return "there" if step in counts else "MISSING"


def _surprise(stop: Stop) -> str:
    wanted = frozenset(way.fate for way in stop.mode)
    if stop.kernel == wanted:
        return ""
    said = stop.kernel if isinstance(stop.kernel, str) else _fates(stop.kernel)
    return f"{stop.site.name}: by the plan the packet {_fates(wanted)}; by the kernel's rules: {said}"


def _fates(fates: Iterable[Fate]) -> str:
    return " or ".join(sorted(f"{each.what} to {each.to}" if each.to else each.what for each in fates)) or "nothing"


def counted(path: Path, counts: Mapping[str, Counts]) -> Path:
    """`path` with what each rule has counted since, by node and rule."""
    return replace(
        path,
        branches=tuple(
            replace(
                branch,
                steps=tuple(
                    replace(step, after=counts.get(step.node, {}).get(step.plan)) if step.before is not None else step
                    for step in branch.steps
                ),
            )
            for branch in path.branches
        ),
    )


def count(site: Site, family: int) -> Counts:
    """What the rules of a node have counted by now. Blocks; raises KernelError."""
    view = site.view(family)
    network, seen = site.net()
    proxy = packets_by_step(view.planned(), view.observe())
    return {**packets_by_step(network.planned(), network.found(seen)), **proxy}
