"""A dict stands beside the ledger; both are told the same, and must agree."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pyk8s.storage.interface import Compacted, FutureRevision, KeyExists, KeyNotFound, RevisionMismatch
from pyk8s.storage.ledger import Ledger

KEYS = st.sampled_from(["/a/1", "/a/2", "/b/1"])
VALUES = st.binary(max_size=2)


class LedgerMachine(RuleBasedStateMachine):
    """The model: what is there (value and revision), a copy of it at each revision, and which lease holds what."""

    def __init__(self):
        super().__init__()
        self.ledger = Ledger()
        self.model = {}
        self.past = {1: {}}
        self.leases = {}
        self.compacted = 0

    def wrote(self, revision):
        assert revision == max(self.past) + 1
        self.past[revision] = dict(self.model)

    def leave(self, key):
        for keys in self.leases.values():
            keys.discard(key)

    @rule(key=KEYS, value=VALUES)
    def create(self, key, value):
        try:
            revision = self.ledger.create(key, value)
        except KeyExists:
            assert key in self.model
        else:
            assert key not in self.model
            self.model[key] = (value, revision)
            self.wrote(revision)

    @rule(key=KEYS, value=VALUES, stale=st.booleans())
    def update(self, key, value, stale):
        held = self.model.get(key)
        expected = held[1] - stale if held else 1
        try:
            revision = self.ledger.update(key, value, expected)
        except KeyNotFound:
            assert held is None
        except RevisionMismatch as why:
            assert stale
            assert (why.current.value, why.current.revision) == held
        else:
            assert held and not stale
            self.leave(key)
            self.model[key] = (value, revision)
            self.wrote(revision)

    @rule(key=KEYS, conditional=st.booleans())
    def delete(self, key, conditional):
        held = self.model.get(key)
        try:
            revision = self.ledger.delete(key, held[1] if held and conditional else 0)
        except KeyNotFound:
            assert held is None
        else:
            self.leave(key)
            del self.model[key]
            self.wrote(revision)

    @rule()
    def grant(self):
        self.leases[self.ledger.grant()] = set()

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), key=KEYS)
    def create_under_a_lease(self, data, key):
        lease = data.draw(st.sampled_from(sorted(self.leases)))
        if key not in self.model:
            revision = self.ledger.create(key, b"leased", lease)
            self.leases[lease].add(key)
            self.model[key] = (b"leased", revision)
            self.wrote(revision)

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def revoke(self, data):
        lease = data.draw(st.sampled_from(sorted(self.leases)))
        self.ledger.revoke(lease)
        keys = self.leases.pop(lease)
        for key in keys:
            del self.model[key]
        if keys:
            self.wrote(self.ledger.revision)

    @rule(data=st.data())
    def compact(self, data):
        revision = data.draw(st.integers(0, max(self.past) + 1))
        try:
            self.ledger.compact(revision)
        except Compacted:
            assert revision <= self.compacted
        except FutureRevision:
            assert revision > max(self.past)
        else:
            self.compacted = revision

    @rule(data=st.data(), prefix=st.sampled_from(["/", "/a/", "/b/"]), limit=st.integers(0, 2))
    def list_at_a_revision(self, data, prefix, limit):
        revision = data.draw(st.integers(1, max(self.past)))
        if revision < self.compacted:
            return
        wanted = [(k, *held) for k, held in sorted(self.past[revision].items()) if k.startswith(prefix)]
        found, after = [], ""
        while True:
            page = self.ledger.page(prefix, revision=revision, limit=limit, after=after)
            found += [(item.key, item.value, item.revision) for item in page.items]
            assert page.remaining == len(wanted) - len(found)
            after = page.after
            if not after:
                break
        assert found == wanted

    @rule(data=st.data())
    def replay(self, data):
        after = data.draw(st.integers(1, max(self.past)))
        if after < self.compacted:
            return
        state = dict(self.past[after])
        for event in self.ledger.since(after):
            held = state.pop(event.key, None)
            assert (held is None) is (event.previous is None)
            assert held is None or held == (event.previous.value, event.previous.revision)
            if event.value is not None:
                state[event.key] = (event.value, event.revision)
        assert state == self.model

    @invariant()
    def same_contents(self):
        assert self.ledger.items() == {key: value for key, (value, _) in sorted(self.model.items())}
        assert self.ledger.revision == max(self.past)


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
