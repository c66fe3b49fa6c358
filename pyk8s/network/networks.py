"""Networks that no agent masquerades for (`ipMasq`): which subnets, which pods still need it, and the rules of it.

A folder a network holds `subnets` and an empty file for each attachment; with the last of these the rules go.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path

from pyk8s.kernel.iptables.values import RETURN, Destination, Jump, Masquerade, Put, Rule, Source, plan_jumps
from pyk8s.network.errors import ReservationLost
from pyk8s.network.lock import locked
from pyk8s.network.masquerade import MULTICAST
from pyk8s.network.portmap import Rules

CHAIN = "PYK8S-NETWORKS"

JUMPS: Mapping[tuple[str, str], tuple[Rule, ...]] = {("nat", "POSTROUTING"): (Rule((), Jump(CHAIN)),)}

_SUBNETS = "subnets"
_SCRATCH = ".scratch"

Owner = tuple[str, str]


def plan_networks(subnets: Collection[str], *, family: int = 4) -> tuple[Rule, ...]:
    """The rules of the chain: what a pod sends out of its own subnet leaves under the node's address."""
    own = sorted(each for each in subnets if ip_network(each).version == family)
    inner = [Rule((Source(each), Destination(kept)), RETURN) for each in own for kept in (each, MULTICAST[family])]
    return (*inner, *(Rule((Source(each),), Masquerade()) for each in own))


class Networks:
    """The networks of this node that masquerade for themselves: folders in `folder`, and the rules made of them."""

    def __init__(self, folder: str | Path, rules: Rules, rules6: Rules | None = None) -> None:
        self._folder = Path(folder)
        self._rules: dict[int, Rules] = {4: rules} | ({6: rules6} if rules6 is not None else {})
        self._written: dict[int, tuple[Rule, ...]] = {}

    def join(self, network: str, owner: Owner, subnets: Sequence[str]) -> None:
        """Masquerade for `subnets`, which an attachment of `network` is in. The record comes first."""
        with locked(self._folder):
            place = self._folder / network
            place.mkdir(mode=0o700, exist_ok=True)
            (place / _marker(owner)).touch(mode=0o600)
            held = _subnets(place)
            if not set(subnets) <= held:
                scratch = place / _SCRATCH
                scratch.write_text("\n".join(sorted(held | set(subnets))))
                scratch.replace(place / _SUBNETS)
            self._write(subnets)

    def leave(self, network: str, owner: Owner) -> None:
        """End what `join` began; with the last attachment of the network its rules go. Twice is no error."""
        if not (self._folder / network / _marker(owner)).exists():
            return
        with locked(self._folder):
            (self._folder / network / _marker(owner)).unlink(missing_ok=True)
            self._let_go(network)

    def keep(self, network: str, owners: Collection[Owner]) -> None:
        """End it for every attachment of `network` that is not among `owners`."""
        place = self._folder / network
        if not place.is_dir():
            return
        with locked(self._folder):
            for each in _markers(place) - {_marker(owner) for owner in owners}:
                (place / each).unlink(missing_ok=True)
            self._let_go(network)

    def has(self, network: str) -> bool:
        """Whether the rules for the network's subnets are in place."""
        subnets = _subnets(self._folder / network)
        for family, rules in self._rules.items():
            own = {each for each in subnets if ip_network(each).version == family}
            chains = rules.observe("nat")["nat"] if own else {}
            masqueraded = {
                match.range
                for rule in chains.get(CHAIN, ())
                for match in rule.matches
                if isinstance(match, Source) and isinstance(rule.target, Masquerade)
            }
            if not own <= masqueraded:
                return False
            if own and not any(rule.target == Jump(CHAIN) for rule in chains.get("POSTROUTING", ())):
                return False
        return bool(subnets)

    def restore(self) -> None:
        """Write all rules again from the records, as after a start of the node."""
        self._written.clear()
        if self._folder.is_dir():
            with locked(self._folder):
                self._write(self._read())

    def _let_go(self, network: str) -> None:
        place = self._folder / network
        if not _markers(place):
            gone = _subnets(place)
            for name in (_SUBNETS, _SCRATCH):
                (place / name).unlink(missing_ok=True)
            place.rmdir()
            self._write(gone)

    def _write(self, changed: Collection[str]) -> None:
        """The chains of the families that the `changed` subnets are of."""
        families = {ip_network(each).version for each in changed}
        subnets = self._read()
        for family, rules in self._rules.items():
            wanted = plan_networks(subnets, family=family)
            if family not in families or wanted == self._written.get(family):
                continue
            rules.run((Put("nat", CHAIN, wanted),))
            if family not in self._written:
                rules.run(plan_jumps(JUMPS, rules.observe("nat"), first=False))
            self._written[family] = wanted

    def _read(self) -> set[str]:
        return {each for place in self._folder.iterdir() if place.is_dir() for each in _subnets(place)}


def _marker(owner: Owner) -> str:
    return sha256("/".join(owner).encode()).hexdigest()[:24]


def _markers(place: Path) -> set[str]:
    return {each.name for each in place.iterdir() if each.name not in (_SUBNETS, _SCRATCH)}


def _subnets(place: Path) -> set[str]:
    try:
        words = set((place / _SUBNETS).read_text().split())
    except FileNotFoundError:
        return set()
    try:
        return {str(ip_network(each)) for each in words}
    except ValueError as why:
        raise ReservationLost(f"{place / _SUBNETS} is no list of subnets ({why}): remove it") from why
