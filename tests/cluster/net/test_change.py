"""Another mode, another way: what is written, and when a node has followed."""

from types import SimpleNamespace

import orjson
import pytest
import yaml

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import CONFIG_MAPS
from pyk8s.client.fake import FakeClient
from pyk8s.cluster.errors import ClusterError, StartFailed
from pyk8s.cluster.net import change
from pyk8s.kernel.errors import Refused, Unsupported
from pyk8s.kernel.shown import Line, Row
from pyk8s.proxy.config import Config
from tests.virtual import virtual_time

SYSTEM = CONFIG_MAPS.within("kube-system")
SAME, OTHER = Row("same", "p", "a", "a"), Row("missing", "p", planned="a")


def test_a_mode_is_written_into_what_is_there_already():
    held = {
        "config.conf": yaml.safe_dump({"kind": "KubeProxyConfiguration", "mode": "ipvs", "ipvs": {"scheduler": "sh"}})
    }
    said = yaml.safe_load(change.with_mode({**held, "kubeconfig.conf": "x"}, "nftables")["config.conf"])
    assert said == {"kind": "KubeProxyConfiguration", "mode": "nftables", "ipvs": {"scheduler": "sh"}}
    assert yaml.safe_load(change.with_mode({}, "ipvs")["config.conf"]) == {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "ipvs",
    }


@pytest.mark.parametrize("text", ["a: [", "- a", "words"])
def test_a_config_map_that_holds_something_else_is_not_written_over(text):
    with pytest.raises(ClusterError, match="ConfigMap kube-system/kube-proxy"):
        change.with_mode({"config.conf": text}, "ipvs")


class FakeNode:
    """A node whose kernel follows after some looks."""

    name, netns, families, mode = "node-1", "nowhere", (4,), "nftables"

    proxy = Config("node-1")

    def __init__(self, looks=0, left=None):
        self.looks, self.left = looks, left or {}

    def other_modes(self):
        return ["iptables", "ipvs"]

    def leftovers(self, mode):
        return self.left if mode == "iptables" else {}


@pytest.fixture
def node(monkeypatch):
    """A cluster of one node, which follows at the third look."""
    made = FakeNode(2)

    def rows(site):
        made.looks -= 1
        return (SAME, OTHER) if made.looks >= 0 else (SAME,)

    async def sites(client, folder):
        return {"node-1": made}

    async def told(client):
        return None

    monkeypatch.setattr(change, "_sites", sites)
    monkeypatch.setattr(change, "ask", told)
    monkeypatch.setattr(change, "site", lambda folder, name, told: made)
    monkeypatch.setattr(change.rules, "of_proxy", rows)
    monkeypatch.setattr(change.rules, "of_network", rows)
    monkeypatch.setattr(change.sight, "require", lambda *words: None)
    monkeypatch.setattr(change.asyncio, "to_thread", _at_once)
    return made


async def _at_once(work, *words):
    return work(*words)


@virtual_time
async def test_a_mode_is_asked_for_and_waited_for(node):
    client, said = FakeClient(), []
    await change.change_mode(client, None, "nftables", say=said.append)
    held = orjson.loads(await client.get(SYSTEM.of("kube-proxy", "kube-system")))
    assert "mode: nftables" in held["data"]["config.conf"]
    assert said == [f"proxy mode nftables: {n} of 1 nodes have followed" for n in (0, 1)]
    assert node.looks < 0


@virtual_time
async def test_a_way_is_written_over_the_one_that_was_chosen(node):
    client = FakeClient()
    for backend in ("vxlan", "host-gw"):
        await change.change_backend(client, None, backend, say=lambda text: None)
    held = orjson.loads(await client.get(SYSTEM.of("pyk8s-network", "kube-system")))
    assert held["data"] == {"backend": "host-gw"}


@virtual_time
async def test_what_somebody_else_writes_meanwhile_is_not_written_over(node):
    client = FakeClient()
    await change.change_backend(client, None, "vxlan", say=lambda text: None)
    ref, get = SYSTEM.of("pyk8s-network", "kube-system"), client.get

    async def late(asked):
        held = await get(asked)
        await client.update(ref, orjson.dumps(orjson.loads(held) | {"data": {"backend": "vxlan", "other": "1"}}))
        return held

    client.get = late
    with pytest.raises(ApiError) as refused:
        await change.change_backend(client, None, "host-gw", say=lambda text: None)
    assert refused.value.code == 409
    assert orjson.loads(await get(ref))["data"] == {"backend": "vxlan", "other": "1"}


async def test_only_nodes_that_run_and_are_known_are_waited_for(monkeypatch):
    async def told(client):
        return SimpleNamespace(names={"node-1", "node-2"})

    monkeypatch.setattr(change, "ask", told)
    monkeypatch.setattr(change, "sites", lambda folder, names, told: names)
    nodes = [SimpleNamespace(name=f"node-{number}", stopped=number == 2) for number in (1, 2, 3)]
    folder = SimpleNamespace(read=lambda: SimpleNamespace(nodes=nodes))
    assert await change._sites(None, folder) == ["node-1"]


@virtual_time
async def test_a_node_that_does_not_follow_is_named(node):
    node.looks = 10_000
    with pytest.raises(StartFailed, match=r"within 5 s: node-1: 1 lines are not as planned.*net rules NODE"):
        await change.change_backend(FakeClient(), None, "vxlan", seconds=5, say=lambda text: None)


@virtual_time
async def test_a_kernel_that_cannot_be_asked_is_asked_again(node, monkeypatch):
    def refuse(site):
        raise Refused("nft", 16)

    monkeypatch.setattr(change.rules, "of_network", refuse)
    with pytest.raises(StartFailed, match="node-1: nft"):
        await change.change_backend(FakeClient(), None, "vxlan", seconds=5, say=lambda text: None)


@virtual_time
async def test_a_mode_that_the_kernel_cannot_changes_nothing(node, monkeypatch):
    def refuse(*words):
        raise Unsupported("no IPVS: load ip_vs")

    monkeypatch.setattr(change.sight, "require", refuse)
    client = FakeClient()
    with pytest.raises(ClusterError, match="node-1 cannot be in the mode ipvs, and nothing is changed: no IPVS"):
        await change.change_mode(client, None, "ipvs", say=lambda text: None)
    assert (await client.list(SYSTEM)).items == []


def test_a_node_has_followed_when_nothing_of_another_mode_is_left(node):
    node.looks = 0
    assert change.lacks_of_mode(node) == ""
    node.left = {"nat KUBE-SERVICES": (Line("a", "a"),)}
    assert "1 places of another mode" in change.lacks_of_mode(node)
