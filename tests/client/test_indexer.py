"""Objects by key and by index: a dict beside the real thing."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pyk8s.client.indexer import Indexer

KEYS, VALUES = st.sampled_from("abc"), st.lists(st.sampled_from("xyz"), max_size=4)


class IndexerMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.real, self.model = Indexer({"letters": lambda obj: obj}), {}

    @rule(key=KEYS, obj=VALUES)
    def put(self, key, obj):
        assert self.real.put(key, obj) == self.model.get(key)
        self.model[key] = obj

    @rule(key=KEYS)
    def remove(self, key):
        assert self.real.remove(key) == self.model.pop(key, None)

    @rule()
    def index_once_more(self):
        self.real.add_index("first", lambda obj: obj[:1])

    @invariant()
    def same_contents(self):
        assert {key: self.real.get(key) for key in self.real.keys()} == self.model  # noqa: SIM118 - no dict
        assert len(self.real) == len(self.model)
        for letter in "wxyz":
            wanted = sorted(obj for obj in self.model.values() if letter in obj)
            assert sorted(self.real.by_index("letters", letter)) == wanted


TestIndexer = IndexerMachine.TestCase
TestIndexer.settings = settings(max_examples=80, stateful_step_count=30)


def test_an_index_added_later_knows_what_is_there():
    indexer = Indexer()
    indexer.put("a", ["x"])
    indexer.add_index("letters", lambda obj: obj)
    assert indexer.by_index("letters", "x") == [["x"]]
    assert "a" in indexer


def test_an_index_of_the_same_name_stays_the_first():
    indexer = Indexer({"letters": lambda obj: obj})
    indexer.add_index("letters", lambda obj: ["other"])
    indexer.put("a", ["x"])
    assert indexer.by_index("letters", "x")


def test_an_index_that_was_never_declared_is_an_error():
    with pytest.raises(KeyError):
        Indexer().by_index("letters", "x")
