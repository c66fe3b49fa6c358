import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pyk8s.apiserver.cacher import ALL, Selection, Settings
from pyk8s.apiserver.cacher.collection import Collection
from tests.apiserver.cacher.makers import cached


def collection(floor=1, **settings):
    return Collection(Settings(**settings), ["spec.nodeName"], floor)


def put(of, name, revision, namespace="default", **more):
    return of.change(f"{namespace}/{name}", revision, cached(name, namespace, revision, **more))


def keys(found):
    return [one.key for one in found]


def filled():
    made = collection()
    for revision, (namespace, name) in enumerate([("a", "z"), ("b", "x"), ("a-1", "y"), ("a", "b")], 2):
        put(made, name, revision, namespace, labels={"n": name}, node=f"n{revision % 2}")
    return made


def test_objects_are_in_order_of_their_keys():
    assert keys(filled().select(ALL)) == ["a-1/y", "a/b", "a/z", "b/x"]


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        (Selection.parse("a"), ["a/b", "a/z"]),
        (Selection.parse("a-1"), ["a-1/y"]),
        (Selection.parse("c"), []),
        (Selection.parse("", "n in (x,z)"), ["a/z", "b/x"]),
        (Selection.parse("a", "n=b"), ["a/b"]),
        (Selection.parse("", "", "spec.nodeName=n0"), ["a-1/y", "a/z"]),
        (Selection.parse("a", "", "spec.nodeName=n0"), ["a/z"]),
        (Selection.parse("", "", "spec.nodeName=n7"), []),
        (Selection.parse("a", "", "metadata.name=b"), ["a/b"]),
        (Selection.parse("a", "", "metadata.name=c"), []),
        (Selection.parse("", "", "metadata.name=b"), ["a/b"]),
        (Selection.parse("", "", "metadata.namespace=b"), ["b/x"]),
    ],
)
def test_what_is_selected(selection, found):
    made = filled()
    assert keys(made.select(selection)) == found
    assert keys(made.page(selection, 5).items) == found


def test_the_index_follows_an_object_from_node_to_node():
    made = collection()
    on = {node: Selection.parse("", "", f"spec.nodeName={node}") for node in ("n1", "n2")}
    put(made, "x", 2, node="n1")
    put(made, "x", 3, node="n2")
    assert (keys(made.select(on["n1"])), keys(made.select(on["n2"]))) == ([], ["default/x"])
    made.change("default/x", 4, None)
    assert keys(made.select(on["n2"])) == []


def test_a_removal_of_what_is_not_there_changes_nothing():
    made = collection()
    assert made.change("default/x", 2, None) is None
    assert made.since(1) == []


def test_a_page_tells_where_to_go_on_and_how_much_is_left():
    made = filled()
    page = made.page(ALL, 5, limit=3)
    assert (keys(page.items), page.after, page.remaining) == (["a-1/y", "a/b", "a/z"], "a/z", 1)
    rest = made.page(ALL, 5, limit=3, after=page.after)
    assert (keys(rest.items), rest.after, rest.remaining) == (["b/x"], "", 0)


def test_what_is_left_of_a_namespace_counts_only_that_namespace():
    page = filled().page(Selection.parse("a"), 5, limit=1)
    assert (keys(page.items), page.remaining) == (["a/b"], 1)


def test_with_a_selector_nobody_knows_how_much_is_left():
    page = filled().page(Selection.parse("", "n!=y"), 5, limit=1)
    assert (keys(page.items), page.after, page.remaining) == (["a/b"], "a/b", 0)


def test_a_page_that_ends_with_the_last_wanted_object_is_the_last():
    page = filled().page(Selection.parse("", "n in (b,z)"), 5, limit=2)
    assert (keys(page.items), page.after) == (["a/b", "a/z"], "")


def test_a_later_page_is_as_of_the_first():
    made = filled()
    first = made.page(ALL, 5, limit=1)
    put(made, "a", 6, "a")
    put(made, "z", 7, "a", labels={"n": "new"})
    made.change("b/x", 8, None)
    made.change("a/b", 9, None)
    rest = made.page(ALL, first.revision, limit=9, after=first.after)
    assert [(one.key, one.revision) for one in rest.items] == [("a/b", 5), ("a/z", 2), ("b/x", 3)]
    assert keys(made.page(ALL, 9).items) == ["a-1/y", "a/a", "a/z"]


def test_the_window_forgets_what_is_oldest():
    made = collection(window=3)
    for revision in range(2, 8):
        put(made, f"x{revision}", revision)
    assert made.floor == 4
    assert [change.revision for change in made.since(4)] == [5, 6, 7]


def test_the_window_is_bounded_in_bytes():
    made = collection(window_bytes=3000)
    for revision in range(2, 12):
        put(made, f"x{revision}", revision, labels={"pad": "x" * 900})
    assert [change.revision for change in made.since(made.floor)] == [10, 11]


def test_what_is_left_of_a_revision_after_part_of_it_was_forgotten_cannot_be_resumed_at():
    made = collection(window=2)
    for name in "abc":
        put(made, name, 2)
    for name in "abc":
        made.change(f"default/{name}", 5, None, more=name != "c")
    assert made.floor == 5


class CollectionMachine(RuleBasedStateMachine):
    """The model: the whole state after every revision."""

    def __init__(self):
        super().__init__()
        self.real = collection(window=6)
        self.state = {}
        self.past = {1: {}}

    def wrote(self):
        self.past[max(self.past) + 1] = dict(self.state)

    @rule(name=st.sampled_from("abc"), namespace=st.sampled_from(["a", "b"]), node=st.sampled_from(["n1", "n2"]))
    def put(self, name, namespace, node):
        revision = max(self.past) + 1
        put(self.real, name, revision, namespace, node=node)
        self.state[f"{namespace}/{name}"] = (revision, node)
        self.wrote()

    @rule(key=st.sampled_from(["a/a", "a/b", "b/a", "b/c"]))
    def remove(self, key):
        if self.state.pop(key, None):
            assert self.real.change(key, max(self.past) + 1, None) is not None
            self.wrote()

    @rule(
        data=st.data(),
        limit=st.integers(0, 3),
        selection=st.sampled_from([ALL, Selection.parse("a"), Selection.parse("", "", "spec.nodeName=n1")]),
    )
    def pages_of_a_past_revision(self, data, limit, selection):
        revision = data.draw(st.integers(self.real.floor, max(self.past)))
        found, after = [], ""
        while True:
            page = self.real.page(selection, revision, limit=limit, after=after)
            found += [(one.key, one.revision) for one in page.items]
            after = page.after
            if not after:
                break
        wanted = sorted(
            (key, at) for key, (at, node) in self.past[revision].items() if self.means(selection, key, node)
        )
        assert found == wanted

    @staticmethod
    def means(selection, key, node):
        return key.startswith(selection.namespace) and (selection.fields.everything or node == "n1")

    @rule(data=st.data())
    def replay(self, data):
        after = data.draw(st.integers(self.real.floor, max(self.past)))
        state = {key: at for key, (at, _) in self.past[after].items()}
        for change in self.real.since(after):
            assert (change.old.revision if change.old else None) == state.pop(change.key, None)
            if change.new:
                state[change.key] = change.new.revision
        assert state == {key: at for key, (at, _) in self.state.items()}

    @invariant()
    def same_contents(self):
        assert {one.key: one.revision for one in self.real.select(ALL)} == {k: at for k, (at, _) in self.state.items()}


TestCollection = CollectionMachine.TestCase
TestCollection.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
