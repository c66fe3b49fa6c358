"""The rules of all services together, and what a change of a few of them takes. Pure but for what it remembers."""

from __future__ import annotations

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
    Map,
    Rule,
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
from pyk8s.proxy.nftables.names import SETS, Choice, Slot
from pyk8s.proxy.nftables.rules import Piece, plan_piece
from pyk8s.proxy.nftables.shared import chains as shared_chains
from pyk8s.proxy.nftables.shared import choosing, sending
from pyk8s.proxy.plan import Intent, Key, Settings

PortKey: TypeAlias = tuple[str, str]
"""A service port's id and protocol."""

Claims: TypeAlias = tuple[PortKey, Element] | dict[PortKey, Element]
"""Who wants which element at one place: nearly always one port alone."""

Change: TypeAlias = tuple[PortKey, Piece, Piece]
"""A port, what it had and what it is to have."""

Before: TypeAlias = dict[str, dict[ElementKey, Element | None]]
"""What was wanted, by set and key, where something changes."""

NOTHING = Piece()


class Ruleset:
    """What was planned last, by service; `change` replaces some of it and says what that takes in the kernel."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._family: Family = "ip" if settings.family == 4 else "ip6"
        self._pieces: dict[PortKey, Piece] = {}
        self._wanted: dict[str, dict[ElementKey, Claims]] = {}
        self._choices: dict[Choice, int] = {}
        self._begun = False
        self.intents: dict[Key, tuple[Intent, ...]] = {}

    def change(self, services: Mapping[Key, tuple[Intent, ...]]) -> Transaction:
        """Let `services` mean what they say, () for one that is gone; the changes for a kernel that had the rest.

        Before everything was asked for once (`whole`), no kernel has anything, and there is nothing to change in it.
        """
        changes = [change for service, intents in services.items() for change in self._changed(service, intents)]
        choices = self._choosing()
        before: Before = {}
        for key, old, new in changes:
            self._exchange(key, old, new, before)
        if not (changes and self._begun):
            return ()
        wanted = self._choosing()
        gone, came = self._moved(before)
        made = {name: each for name, each in wanted.items() if name not in choices}
        unmade = {name: each for name, each in choices.items() if name not in wanted}
        return (*_made(changes, made), *gone, *came, *_unmade(changes, unmade))

    def _choosing(self) -> dict[str, Choice | Slot]:
        """The shared chains that choose and send, as far as they are needed: each before those that lead to it."""
        choices = [choice for choice, count in self._choices.items() if count]
        slots = {slot for choice in choices for slot in choice.slots}
        held: list[Choice | Slot] = [*sorted(slots, key=str), *sorted(choices, key=str)]
        return {each.name: each for each in held}

    def _moved(self, before: Before) -> tuple[list[Delete], list[Add]]:
        """The elements that are no longer wanted of those that were wanted `before`, and those that are wanted now."""
        gone, came = [], []
        for of, elements in before.items():
            wanted = self._wanted[of]
            for key, was in elements.items():
                now = _winner(wanted.get(key))
                if was is now or was == now:
                    continue
                if was is not None:
                    gone.append(Delete(was))
                if now is not None:
                    came.append(Add(now))
        return gone, came

    def whole(self, seen: Survey) -> Transaction:
        """Everything, for a kernel that has what `seen` tells: stale chains and sets go, and who was sent where by
        session affinity stays known. One transaction: there is no moment without rules."""
        self._begun = True
        chains, sets = self._chains(), {each.name: each for each in self._sets()}
        return (
            Add(Table()),
            *_cleared(seen, {name: chain for name, (chain, _) in chains.items()}, sets, self._family),
            *[Add(each) for each in sets.values()],
            *[Add(chain) for chain, _ in chains.values()],
            *[Add(rule) for _, rules in chains.values() for rule in rules],
            *[Add(cast(Element, _winner(claims))) for wanted in self._wanted.values() for claims in wanted.values()],
        )

    def stands(self, seen: Survey) -> bool:
        """Whether the kernel that has what `seen` tells has what was planned, as far as numbers can tell."""
        counted = {name: (chain.hook, len(rules)) for name, (chain, rules) in self._chains().items()}
        if not seen.exists or seen.chains != counted:
            return False
        wanted = {each.name: shape(each, self._family) for each in self._sets()}
        return seen.sets.keys() == wanted.keys() and all(
            made == wanted[name] and (made.seconds or count == len(self._wanted.get(name, ())))
            for name, (made, count) in seen.sets.items()
        )

    def nothing(self, seen: Survey, keep: frozenset[IptablesChain] = frozenset()) -> Transaction:
        """The table with all it holds; `keep` concerns other modes."""
        return (Delete(Table()),) if seen.exists else ()

    def held(self) -> Held:
        """The table as it should be."""
        chains = self._chains()
        sets = {each.name: each for each in self._sets()}
        return Held(
            {name: chain for name, (chain, _) in chains.items()},
            {name: rules for name, (_, rules) in chains.items()},
            sets,
            {
                name: {key: cast(Element, _winner(claims)) for key, claims in self._wanted.get(name, {}).items()}
                for name in sets
            },
        )

    def _chains(self) -> dict[str, tuple[Chain, tuple[Rule, ...]]]:
        chains = shared_chains(self._settings)
        for name, each in self._choosing().items():
            chains[name] = Chain(name), _rules(each)
        for piece in self._pieces.values():
            for name, rules in piece.chains.items():
                chains[name] = Chain(name), rules
        return chains

    def _sets(self) -> Iterator[Set | Map]:
        yield from SETS
        yield from (each.map for each in self._choosing().values() if isinstance(each, Slot))
        for piece in self._pieces.values():
            yield from piece.sets.values()

    def _changed(self, service: Key, intents: tuple[Intent, ...]) -> Iterator[Change]:
        before = self.intents.get(service, ())
        if intents:
            self.intents[service] = intents
        else:
            self.intents.pop(service, None)
        wanted = {(intent.id, intent.protocol): plan_piece(intent, self._settings) for intent in intents}
        for key in {(intent.id, intent.protocol): None for intent in before} | wanted:
            old, new = self._pieces.get(key, NOTHING), wanted.get(key, NOTHING)
            if old is NOTHING or old != new:
                yield key, old, new

    def _exchange(self, port: PortKey, old: Piece, new: Piece, before: Before) -> None:
        """Put `new` for `old`; what was wanted until now at the places concerned is kept in `before`."""
        for choice in old.choices:
            self._choices[choice] -= 1
        for choice in new.choices:
            self._choices[choice] = self._choices.get(choice, 0) + 1
        if new is NOTHING:
            self._pieces.pop(port, None)
        else:
            self._pieces[port] = new
        for each in old.elements:
            wanted, was = self._at(each.of, before)
            claims = wanted[each.key]
            was.setdefault(each.key, _winner(claims))
            if isinstance(claims, dict) and len(claims) > 1:
                del claims[port]
            else:
                del wanted[each.key]
        for each in new.elements:
            wanted, was = self._at(each.of, before)
            others = wanted.get(each.key)
            was.setdefault(each.key, _winner(others))
            if others is None:
                wanted[each.key] = port, each
            elif isinstance(others, dict):
                others[port] = each
            else:
                wanted[each.key] = dict((others, (port, each)))

    def _at(self, of: str, before: Before) -> tuple[dict[ElementKey, Claims], dict[ElementKey, Element | None]]:
        """What is wanted, and what was wanted before, in the set or map `of`."""
        if of not in before:
            before[of] = {}
            self._wanted.setdefault(of, {})
        return self._wanted[of], before[of]


def _winner(claims: Claims | None) -> Element | None:
    """Which element is to be: when two ports claim a place, the one whose name comes first has it."""
    if claims is None:
        return None
    if isinstance(claims, tuple):
        return claims[1]
    any_one = next(iter(claims.values()))
    return any_one if any_one.data is None else claims[min(claims)]


def _rules(shared: Choice | Slot) -> tuple[Rule, ...]:
    return sending(shared) if isinstance(shared, Slot) else choosing(shared)


def _made(changes: Iterable[Change], shared: Mapping[str, Choice | Slot]) -> Iterator[Action]:
    """New sets and chains, then the rules of chains that are new or have changed."""
    for name, each in shared.items():
        if isinstance(each, Slot):
            yield Add(each.map)
        yield Add(Chain(name))
    for each in shared.values():
        yield from (Add(rule) for rule in _rules(each))
    own = [(old, new) for _, old, new in changes if new.chains]
    for old, new in own:
        yield from (Add(each) for name, each in new.sets.items() if name not in old.sets)
        yield from (Add(Chain(name)) for name in new.chains if name not in old.chains)
    for old, new in own:
        for name, rules in new.chains.items():
            if old.chains.get(name) == rules:
                continue
            if name in old.chains:
                yield Flush(Chain(name))
            yield from (Add(rule) for rule in rules)


def _unmade(changes: Iterable[Change], shared: Mapping[str, Choice | Slot]) -> Iterator[Action]:
    """Chains and sets that nothing leads to any more: all emptied first, as they lead to each other."""
    own = [(old, new) for _, old, new in changes if old.chains]
    chains = [Chain(name) for old, new in own for name in old.chains if name not in new.chains]
    chains += [Chain(name) for name in shared]
    yield from (Flush(chain) for chain in chains)
    yield from (Delete(chain) for chain in chains)
    yield from (Delete(each.map) for each in shared.values() if isinstance(each, Slot))
    yield from (Delete(each) for old, new in own for name, each in old.sets.items() if name not in new.sets)


def _cleared(
    seen: Survey, chains: Mapping[str, Chain], sets: Mapping[str, Set | Map], family: Family
) -> Iterator[Action]:
    """Everything that is there emptied, but for what packets have added; what is not wanted so, removed."""
    yield from (Flush(Chain(name)) for name in seen.chains)
    for name, (made, _) in seen.sets.items():
        wanted = sets.get(name)
        if wanted is None or shape(wanted, family) != made:
            yield Delete(_seen(name, made))
        elif not made.seconds:
            yield Flush(wanted)
    for name, (hook, _) in seen.chains.items():
        if name not in chains or chains[name].hook != hook:
            yield Delete(Chain(name))


def _seen(name: str, made: Shape) -> Set | Map:
    return Map(name, ()) if made.to else Set(name, ())
