"""`pyk8s taint`: what changes mean, and what they make of a node's taints."""

import click
import orjson
import pytest

from pyk8s.api.refs import NODES
from pyk8s.cli.verbs.taint import ATTEMPTS, changed, parse_change, split_words, taint
from pyk8s.client.fake import FakeClient


def one(key="k", value="", effect="NoSchedule", gone=False):
    """A change."""
    return {"key": key, "value": value, "effect": effect, "gone": gone}


@pytest.fixture
def nodes(rig):
    for name, disk in (("node-1", "ssd"), ("node-2", "hdd")):
        labels = {"disk": disk}
        rig.create(NODES, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}})
    return rig


def taints(rig, name="node-1"):
    """The taints of a node, as KEY=VALUE:EFFECT."""
    held = (rig.get(NODES.of(name)).get("spec") or {}).get("taints") or []
    return [f"{each['key']}={each.get('value', '')}:{each['effect']}" for each in held]


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("k=v:NoSchedule", one(value="v")),
        ("k:NoExecute", one(effect="NoExecute")),
        ("k=:NoSchedule", one()),
        ("example.com/k=v:PreferNoSchedule", one("example.com/k", "v", "PreferNoSchedule")),
        ("k-", one(effect="", gone=True)),
        ("k:NoSchedule-", one(gone=True)),
        ("k=v:NoSchedule-", one(value="v", gone=True)),
        ("a-b:NoSchedule", one("a-b")),
    ],
)
def test_changes(text, change):
    assert parse_change(text) == change


@pytest.mark.parametrize(
    "text",
    ["k", "k=v", "k=v:Never", "k:Never-", "=v:NoSchedule", "-", ":NoSchedule", "k=a b:NoSchedule", "å:NoSchedule"],
)
def test_what_is_no_change_is_refused(text):
    with pytest.raises(click.UsageError):
        parse_change(text)


@pytest.mark.parametrize(
    "words", [["node/n", "k:NoSchedule"], ["nodes", "n", "k:NoSchedule"], ["no", "n", "k:NoSchedule"]]
)
def test_words_that_name_a_node(words):
    assert split_words(words) == (["n"], [one()])


@pytest.mark.parametrize(
    "words", [[], ["pods", "p", "k:NoSchedule"], ["nodes", "n"], ["nodes", "n", "k:NoSchedule", "k=v:NoSchedule"]]
)
def test_words_that_make_no_sense_are_refused(words):
    with pytest.raises(click.UsageError):
        split_words(words)


HELD = [{"key": "k", "value": "v", "effect": "NoSchedule"}, {"key": "k", "effect": "NoExecute"}]


@pytest.mark.parametrize(
    ("change", "left"),
    [
        pytest.param(one("new"), [*HELD, {"key": "new", "effect": "NoSchedule"}], id="another"),
        pytest.param(one(value="v"), HELD, id="the same"),
        pytest.param(one(gone=True), HELD[1:], id="one effect gone"),
        pytest.param(one(effect="", gone=True), [], id="every effect gone"),
        pytest.param(one(effect="PreferNoSchedule"), [*HELD, {"key": "k", "effect": "PreferNoSchedule"}], id="effect"),
    ],
)
def test_what_a_change_makes_of_the_taints(change, left):
    assert changed(HELD, [change], overwrite=False) == left


def test_another_value_needs_leave():
    with pytest.raises(click.ClickException, match="use --overwrite"):
        changed(HELD, [one(value="w")], overwrite=False)
    assert changed(HELD, [one(value="w")], overwrite=True)[-1]["value"] == "w"


def test_removing_what_is_not_there_is_told():
    with pytest.raises(click.ClickException, match='taint "nope" not found'):
        changed(HELD, [one("nope", effect="", gone=True)], overwrite=False)


def test_by_name_selector_and_all(nodes):
    assert nodes.said(taint, "nodes", "node-1", "a=b:NoSchedule") == "node/node-1 tainted\n"
    assert nodes.said(taint, "nodes", "node-1", "a=b:NoSchedule") == "node/node-1 not changed\n"
    nodes.said(taint, "nodes", "-l", "disk=ssd", "c:NoExecute")
    assert taints(nodes) == ["a=b:NoSchedule", "c=:NoExecute"]
    assert nodes.said(taint, "nodes", "--all", "d:NoExecute") == "node/node-1 tainted\nnode/node-2 tainted\n"
    assert nodes.said(taint, "node/node-2", "d-") == "node/node-2 untainted\n"
    assert taints(nodes, "node-2") == []


def meanwhile(monkeypatch, rig, *, times):
    """Somebody else taints a node right after it was read, so many times."""
    get, left = FakeClient.get, list(range(times))

    async def late(self, ref, *words, **more):
        held = await get(self, ref, *words, **more)
        if left:
            taint = {"key": f"other-{left.pop()}", "effect": "NoExecute"}
            await self.patch(ref, orjson.dumps({"spec": {"taints": [taint]}}))
        return held

    monkeypatch.setattr(FakeClient, "get", late)


def test_what_somebody_else_set_meanwhile_stays(nodes, monkeypatch):
    with monkeypatch.context() as patched:
        meanwhile(patched, nodes, times=1)
        assert nodes.said(taint, "nodes", "node-1", "a:NoSchedule") == "node/node-1 tainted\n"
    assert taints(nodes) == ["other-0=:NoExecute", "a=:NoSchedule"]


def test_a_node_that_never_rests_is_given_up(nodes, monkeypatch):
    with monkeypatch.context() as patched:
        meanwhile(patched, nodes, times=ATTEMPTS)
        assert nodes.run(taint, "nodes", "node-1", "a:NoSchedule").exception.reason == "Conflict"
    assert taints(nodes) == ["other-0=:NoExecute"]


@pytest.mark.parametrize("how", ["client", "server"])
def test_a_dry_run_changes_nothing(nodes, how):
    assert "dry run" in nodes.said(taint, "nodes", "node-1", "a:NoSchedule", f"--dry-run={how}")
    assert taints(nodes) == []


def test_every_node_is_tried(nodes):
    result = nodes.run(taint, "nodes", "nope", "node-1", "a:NoSchedule")
    assert result.exception.message == 'nodes "nope" not found'
    assert taints(nodes) == ["a=:NoSchedule"]


@pytest.mark.parametrize("words", [["nodes", "a:NoSchedule"], ["nodes", "node-1", "a:NoSchedule", "--all"]])
def test_which_nodes_must_be_clear(nodes, words):
    assert nodes.run(taint, *words).exit_code == 2
