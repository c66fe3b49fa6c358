"""The rules of all services together, and what a change of a few of them takes. Pure but for what it remembers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias, cast

from pyk8s.kernel.nftables.values import (
    Action,
    Add,
    Chain,
    Delete,
    Element,
    Family,
    Flush,
    Held,
    Hook,
    Map,
    Set,
    Shape,
    Survey,
    Table,
    Transaction,
    shape,
)
from pyk8s.kernel.nftables.values import (
    Key as ElementKey,
)
from pyk8s.proxy.backend import Chain as IptablesChain
from pyk8s.proxy.nftables.names import SETS, Choice
from pyk8s.proxy.nftables.rules import Piece, plan_piece
from pyk8s.proxy.nftables.shared import chains as shared_chains
from pyk8s.proxy.nftables.shared import choosing
from pyk8s.proxy.plan import Intent, Key, Settings

PortKey: TypeAlias = tuple[str, str]
"""A service port's id and protocol."""

Place: TypeAlias = tuple[str, ElementKey]
"""A set or map and a key of it."""

Claims: TypeAlias = tuple[PortKey, Element] | dict[PortKey, Element]
"""Who wants which element at one place: nearly always one port alone."""

Change: TypeAlias = tuple[PortKey, Piece, Piece]
"""A port, what it had and what it is to have."""

NOTHING = Piece()


class Ruleset:
    """What was planned last, by service; `change` replaces some of it and says what that takes in the kernel."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._family: Family = "ip" if settings.family == 4 else "ip6"
        self._pieces: dict[PortKey, Piece] = {}
        self._wanted: dict[Place, Claims] = {}
        self._choices: Counter[Choice] = Counter()
        self.intents: dict[Key, tuple[Intent, ...]] = {}

    def change(self, services: Mapping[Key, tuple[Intent, ...]]) -> Transaction:
        """Let `services` mean what they say, () for one that is gone; the changes for a kernel that had the rest."""
        changes = [change for service, intents in services.items() for change in self._changed(service, intents)]
        if not changes:
            return ()
        choices = self._choices.copy()
        before: dict[Place, Element | None] = {}
        for key, old, new in changes:
            self._exchange(key, old, new, before)
        self._choices = +self._choices
        moved = [(was, now) for place, was in before.items() if (now := self._winner(place)) != was]
        return (
            *_made(changes, self._choices.keys() - choices),
            *[Delete(was) for was, _ in moved if was is not None],
            *[Add(now) for _, now in moved if now is not None],
            *_unmade(changes, choices.keys() - self._choices),
        )

    def whole(self, seen: Survey) -> Transaction:
        """Everything, for a kernel that has what `seen` tells: stale chains and sets go, and who was sent where by
        session affinity stays known. One transaction: there is no moment without rules."""
        held = self.held()
        return (
            Add(Table()),
            *_cleared(seen, held, self._family),
            *(Add(each) for each in held.sets.values()),
            *(Add(each) for each in held.chains.values()),
            *(Add(rule) for rules in held.rules.values() for rule in rules),
            *(Add(each) for elements in held.elements.values() for each in elements.values()),
        )

    def stands(self, seen: Survey) -> bool:
        """Whether the kernel that has what `seen` tells has what was planned, as far as numbers can tell."""
        if not seen.exists or seen.chains != self._counted_chains():
            return False
        counts = Counter(of for of, _ in self._wanted)
        wanted = {each.name: shape(each, self._family) for each in self._sets()}
        return seen.sets.keys() == wanted.keys() and all(
            made == wanted[name] and (made.seconds or count == counts[name])
            for name, (made, count) in seen.sets.items()
        )

    def nothing(self, seen: Survey, keep: frozenset[IptablesChain] = frozenset()) -> Transaction:
        """The table with all it holds; `keep` concerns other modes."""
        return (Delete(Table()),) if seen.exists else ()

    def held(self) -> Held:
        """The table as it should be."""
        chains = shared_chains(self._settings)
        for choice in self._choices:
            chains[choice.name] = Chain(choice.name), choosing(choice)
        for piece in self._pieces.values():
            for name, rules in piece.chains.items():
                chains[name] = Chain(name), rules
        elements: dict[str, dict[ElementKey, Element]] = {each.name: {} for each in self._sets()}
        for of, key in self._wanted:
            elements[of][key] = cast(Element, self._winner((of, key)))
        return Held(
            {name: chain for name, (chain, _) in chains.items()},
            {name: rules for name, (_, rules) in chains.items()},
            {each.name: each for each in self._sets()},
            elements,
        )

    def _sets(self) -> Iterator[Set | Map]:
        yield from SETS
        for piece in self._pieces.values():
            yield from piece.sets.values()

    def _counted_chains(self) -> dict[str, tuple[Hook | None, int]]:
        counted = {name: (chain.hook, len(rules)) for name, (chain, rules) in shared_chains(self._settings).items()}
        counted |= {choice.name: (None, len(choosing(choice))) for choice in self._choices}
        for piece in self._pieces.values():
            for name, rules in piece.chains.items():
                counted[name] = (None, len(rules))
        return counted

    def _changed(self, service: Key, intents: tuple[Intent, ...]) -> Iterator[Change]:
        before = self.intents.get(service, ())
        if intents:
            self.intents[service] = intents
        else:
            self.intents.pop(service, None)
        wanted = {(intent.id, intent.protocol): plan_piece(intent, self._settings) for intent in intents}
        for key in {(intent.id, intent.protocol): None for intent in before} | wanted:
            old, new = self._pieces.get(key, NOTHING), wanted.get(key, NOTHING)
            if old != new:
                yield key, old, new

    def _exchange(self, key: PortKey, old: Piece, new: Piece, before: dict[Place, Element | None]) -> None:
        """Put `new` for `old`; what is wanted until now at the places concerned is kept in `before`."""
        self._choices.subtract(old.choices)
        self._choices.update(new.choices)
        if new is NOTHING:
            self._pieces.pop(key, None)
        else:
            self._pieces[key] = new
        for each in old.elements:
            place = each.of, each.key
            if place not in before:
                before[place] = self._winner(place)
            self._give_up(place, key)
        for each in new.elements:
            place = each.of, each.key
            if place not in before:
                before[place] = self._winner(place)
            self._claim(place, key, each)

    def _claim(self, place: Place, key: PortKey, element: Element) -> None:
        claims = self._wanted.get(place)
        if claims is None:
            self._wanted[place] = key, element
        elif isinstance(claims, dict):
            claims[key] = element
        else:
            self._wanted[place] = dict((claims, (key, element)))

    def _give_up(self, place: Place, key: PortKey) -> None:
        claims = self._wanted[place]
        if isinstance(claims, dict) and len(claims) > 1:
            del claims[key]
        else:
            del self._wanted[place]

    def _winner(self, place: Place) -> Element | None:
        """What is to be at `place`: when two ports claim an address, the one whose name comes first has it."""
        claims = self._wanted.get(place)
        if claims is None:
            return None
        if isinstance(claims, tuple):
            return claims[1]
        any_one = next(iter(claims.values()))
        return any_one if any_one.data is None else claims[min(claims)]


def _made(changes: Iterable[Change], choices: Iterable[Choice]) -> Iterator[Action]:
    """New sets and chains, then the rules of chains that are new or have changed."""
    own = [(old, new) for _, old, new in changes if new.chains]
    for old, new in own:
        yield from (Add(each) for name, each in new.sets.items() if name not in old.sets)
        yield from (Add(Chain(name)) for name in new.chains if name not in old.chains)
    for choice in sorted(choices, key=lambda each: each.name):
        yield Add(Chain(choice.name))
        yield from (Add(rule) for rule in choosing(choice))
    for old, new in own:
        for name, rules in new.chains.items():
            if old.chains.get(name) == rules:
                continue
            if name in old.chains:
                yield Flush(Chain(name))
            yield from (Add(rule) for rule in rules)


def _unmade(changes: Iterable[Change], choices: Iterable[Choice]) -> Iterator[Action]:
    """Chains and sets that nothing leads to any more: all emptied first, as they lead to each other."""
    own = [(old, new) for _, old, new in changes if old.chains]
    chains = [Chain(name) for old, new in own for name in old.chains if name not in new.chains]
    chains += [Chain(name) for name in sorted(each.name for each in choices)]
    yield from (Flush(chain) for chain in chains)
    yield from (Delete(chain) for chain in chains)
    yield from (Delete(each) for old, new in own for name, each in old.sets.items() if name not in new.sets)


def _cleared(seen: Survey, held: Held, family: Family) -> Iterator[Action]:
    """Everything that is there emptied, but for what packets have added; what is not wanted so, removed."""
    yield from (Flush(Chain(name)) for name in seen.chains)
    for name, (made, _) in seen.sets.items():
        wanted = held.sets.get(name)
        if wanted is None or shape(wanted, family) != made:
            yield Delete(_seen(name, made))
        elif not made.seconds:
            yield Flush(wanted)
    for name, (hook, _) in seen.chains.items():
        if name not in held.chains or held.chains[name].hook != hook:
            yield Delete(Chain(name))


def _seen(name: str, made: Shape) -> Set | Map:
    return Map(name, ()) if made.to else Set(name, ())
