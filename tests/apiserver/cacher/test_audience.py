import pytest

from pyk8s.apiserver.cacher import Selection, Watch
from pyk8s.apiserver.cacher.audience import Audience
from pyk8s.apiserver.cacher.changes import Change
from tests.apiserver.cacher.makers import PODS, cached, told

WANTED = {
    "everything": Selection.parse(),
    "shop": Selection.parse("shop"),
    "web": Selection.parse("", "app=web"),
    "web in shop": Selection.parse("shop", "app=web"),
    "on n1": Selection.parse("", "", "spec.nodeName=n1"),
    "shop/x": Selection.parse("shop", "", "metadata.name=x"),
    "any x": Selection.parse("", "", "metadata.name=x"),
}


class Watched:
    """An audience with one watcher of each selection."""

    def __init__(self):
        self.audience = Audience(["spec.nodeName"])
        self.watches = {}
        for name, selection in WANTED.items():
            watch = Watch(PODS, selection, bookmarks=False, backlog=100, closed=self.audience.remove)
            self.audience.add(watch)
            self.watches[name] = watch

    def heard(self):
        """Who was told what."""
        return {
            name: [event[0] for batch in watch._waiting for event in told(batch)]
            for name, watch in self.watches.items()
            if watch._waiting
        }


def change(old, new):
    before = cached("x", revision=1, **old) if old else None
    after = cached("x", revision=2, **new) if new else None
    return Change((after or before).key, 2, before, after)


@pytest.mark.parametrize(
    ("old", "new", "heard"),
    [
        (None, {"namespace": "home"}, {"everything": ["ADDED"], "any x": ["ADDED"]}),
        (
            None,
            {"namespace": "shop", "labels": {"app": "web"}, "node": "n1"},
            {name: ["ADDED"] for name in WANTED},
        ),
        (
            {"namespace": "home", "node": "n1"},
            {"namespace": "home", "node": "n2"},
            {"everything": ["MODIFIED"], "any x": ["MODIFIED"], "on n1": ["DELETED"]},
        ),
        (
            {"namespace": "home"},
            {"namespace": "home", "node": "n1"},
            {"everything": ["MODIFIED"], "any x": ["MODIFIED"], "on n1": ["ADDED"]},
        ),
        (
            {"namespace": "home", "labels": {"app": "web"}},
            {"namespace": "home", "labels": {"app": "db"}},
            {"everything": ["MODIFIED"], "any x": ["MODIFIED"], "web": ["DELETED"]},
        ),
        (
            {"namespace": "shop", "labels": {"app": "web"}},
            None,
            {name: ["DELETED"] for name in ("everything", "shop", "web", "web in shop", "shop/x", "any x")},
        ),
    ],
)
def test_everyone_concerned_is_told_and_nobody_else(old, new, heard):
    watched = Watched()
    watched.audience.publish([change(old, new)])
    assert watched.heard() == heard


def test_who_has_left_is_told_nothing():
    watched = Watched()
    for watch in watched.watches.values():
        watch.close()
    assert len(watched.audience) == 0
    watched.audience.publish([change(None, {"namespace": "shop", "node": "n1"})])
    assert watched.heard() == {}


def test_when_one_of_two_with_the_same_wish_leaves_the_other_is_told():
    audience = Audience(["spec.nodeName"])
    stays, leaves = (Watch(PODS, WANTED["on n1"], bookmarks=False, backlog=9, closed=audience.remove) for _ in range(2))
    audience.add(stays)
    audience.add(leaves)
    leaves.close()
    audience.publish([change(None, {"namespace": "shop", "node": "n1"})])
    assert [event[0] for batch in stays._waiting for event in told(batch)] == ["ADDED"]
    assert not leaves._waiting


def test_who_waits_for_one_node_is_not_troubled_with_another(monkeypatch):
    noticed = []
    monkeypatch.setattr(Watch, "notice", lambda watch, changes: noticed.append(watch))
    watched = Watched()
    watched.audience.publish([change(None, {"namespace": "home", "node": "n2"})])
    names = [name for name, watch in watched.watches.items() if watch in noticed]
    assert names == ["web", "any x"]


def test_watchers_of_everything_share_the_events():
    audience = Audience([])
    watches = [Watch(PODS, WANTED["everything"], bookmarks=False, backlog=9, closed=audience.remove) for _ in range(3)]
    for watch in watches:
        audience.add(watch)
    audience.publish([change(None, {"namespace": "home"})])
    batches = [watch._waiting[0] for watch in watches]
    assert batches[0] is batches[1] is batches[2]


def test_one_who_is_cut_off_while_told_leaves_the_others_alone():
    audience = Audience([])
    for backlog in (0, 5, 0):
        audience.add(Watch(PODS, WANTED["everything"], bookmarks=False, backlog=backlog, closed=audience.remove))
    audience.publish([change(None, {"namespace": "home"})])
    assert [watch.cut_off for watch in audience] == [False]


def test_all_can_be_ended():
    watched = Watched()
    watched.audience.end()
    assert len(watched.audience) == 0
