"""Objects and their dependents."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pyk8s.api.refs import PODS
from pyk8s.controllers.ownergc.graph import REMEMBERED, Graph, Item
from pyk8s.reconcile.fields import Metadata, OwnerReference


def item(uid, *owners):
    references = tuple(OwnerReference(kind="Pod", name=owner, uid=owner) for owner in owners)
    return Item(PODS, Metadata(name=uid, uid=uid, owner_references=references))


def uids(items):
    return {one.metadata.uid for one in items}


def test_dependents_are_known_before_and_after_their_owner():
    graph = Graph()
    graph.put(item("pod", "set"))
    assert uids(graph.dependents("set")) == {"pod"}
    graph.put(item("set"))
    graph.remove("set")
    assert uids(graph.dependents("set")) == {"pod"}
    assert graph.is_absent("set")


def test_an_object_that_changes_its_owner_is_found_under_the_new_one():
    graph = Graph()
    graph.put(item("pod", "a"))
    assert graph.put(item("pod", "b")).metadata.owner_references[0].uid == "a"
    assert (uids(graph.dependents("a")), uids(graph.dependents("b"))) == (set(), {"pod"})


def test_what_was_never_seen_is_not_known_to_be_absent():
    assert not Graph().is_absent("somebody")


def test_absence_is_remembered_for_so_many_only():
    graph = Graph()
    for number in range(REMEMBERED + 1):
        graph.note_absent(str(number))
    assert not graph.is_absent("0")
    assert graph.is_absent(str(REMEMBERED))


NAMES = st.sampled_from("abcde")


class GraphMachine(RuleBasedStateMachine):
    """A dict of owners beside the graph."""

    def __init__(self):
        super().__init__()
        self.graph, self.model = Graph(), {}

    @rule(uid=NAMES, owners=st.sets(NAMES, max_size=3))
    def put(self, uid, owners):
        self.graph.put(item(uid, *sorted(owners)))
        self.model[uid] = owners

    @rule(uid=NAMES)
    def remove(self, uid):
        self.graph.remove(uid)
        self.model.pop(uid, None)

    @invariant()
    def same_dependents(self):
        for owner in "abcde":
            wanted = {uid for uid, owners in self.model.items() if owner in owners}
            assert uids(self.graph.dependents(owner)) == wanted
            assert (self.graph.get(owner) is not None) == (owner in self.model)
        assert len(self.graph) == len(self.model)


TestGraph = GraphMachine.TestCase
TestGraph.settings = settings(max_examples=60, stateful_step_count=30)
