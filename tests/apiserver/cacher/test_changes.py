import orjson
import pytest

from pyk8s.apiserver.cacher import Selection
from pyk8s.apiserver.cacher.changes import Change, bookmark
from tests.apiserver.cacher.makers import PODS, cached

IN = {"labels": {"app": "web"}}
OUT = {"labels": {"app": "db"}}
WEB = Selection.parse("", "app=web")


def change(old, new, revision=9, **more):
    before = cached("x", revision=5, **old) if old is not None else None
    after = cached("x", revision=revision, **new) if new is not None else None
    return Change("default/x", revision, before, after, **more)


@pytest.mark.parametrize(
    ("old", "new", "type_"),
    [
        (None, IN, "ADDED"),
        (None, OUT, None),
        (IN, IN, "MODIFIED"),
        (OUT, IN, "ADDED"),
        (IN, OUT, "DELETED"),
        (OUT, OUT, None),
        (IN, None, "DELETED"),
        (OUT, None, None),
    ],
)
def test_how_a_watcher_of_a_selection_is_told(old, new, type_):
    told = change(old, new).told(WEB)
    assert (told.type if told else None) == type_


@pytest.mark.parametrize(("old", "new", "type_"), [(None, IN, "ADDED"), (IN, OUT, "MODIFIED"), (OUT, None, "DELETED")])
def test_how_a_watcher_of_everything_is_told(old, new, type_):
    assert change(old, new).plain.type == type_


def test_an_object_that_leaves_a_selection_is_shown_as_it_was_with_the_new_version():
    told = change(IN, OUT).told(WEB)
    metadata = orjson.loads(told.object)["metadata"]
    assert (metadata["labels"], metadata["resourceVersion"], told.resource_version) == ({"app": "web"}, "9", "9")


def test_an_event_is_made_once_for_all():
    one = change(IN, IN)
    assert one.plain is one.told(WEB) is one.modified
    assert one.modified.object is one.new.body


def test_only_the_last_event_of_a_revision_may_be_resumed_after():
    one = change(IN, None, more=True)
    assert (one.version, one.plain.resource_version) == (8, "8")
    assert orjson.loads(one.plain.object)["metadata"]["resourceVersion"] == "8"


def test_a_bookmark_says_how_far_the_store_has_come_and_nothing_else():
    told = bookmark(PODS, 77)
    assert (told.type, told.resource_version) == ("BOOKMARK", "77")
    assert orjson.loads(told.object) == {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"resourceVersion": "77", "creationTimestamp": None},
    }


def test_the_bookmark_after_what_was_there_at_first_says_so():
    metadata = orjson.loads(bookmark(PODS, 77, initial_end=True).object)["metadata"]
    assert metadata["annotations"] == {"k8s.io/initial-events-end": "true"}
