"""A node as it is looked at: its own file, what the API tells, and what is not there."""

import os

import msgspec
import orjson
import pytest
import yaml

from pyk8s.api.refs import CONFIG_MAPS, ENDPOINT_SLICES, NODES, SERVICES
from pyk8s.client.fake import FakeClient
from pyk8s.cluster import procs
from pyk8s.cluster.errors import ClusterError, NoSuchNode, NotRunning
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.net import sites
from pyk8s.cluster.supervisor.unit import Record
from tests.cluster.test_settings import DEMO
from tests.proxy.services import at, service_body, slice_body
from tests.virtual import virtual_time

SYSTEM = CONFIG_MAPS.within("kube-system")
WRITTEN = {
    "nodeName": "node-1",
    "nodeIP": "172.28.0.11,fd28::b",
    "clusterCIDR": "10.244.0.0/16",
    "proxy": {"mode": "ipvs"},
}
CONFIG = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: nftables\n"


async def told(*, maps=()):
    """What an API tells that has one node, one service and some ConfigMaps."""
    client = FakeClient()
    spec = {"podCIDR": "10.244.0.0/24", "podCIDRs": ["10.244.0.0/24"]}
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}, "spec": spec, "status": {}}
    await client.create(NODES, orjson.dumps(node))
    await client.create(SERVICES.within("shop"), orjson.dumps(service_body("web")))
    await client.create(ENDPOINT_SLICES.within("shop"), orjson.dumps(slice_body("web", at("10.244.0.5"))))
    for name, data in maps:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
        await client.create(SYSTEM, orjson.dumps(body))
    return await sites.ask(client)


@pytest.fixture
def folder(tmp_path):
    """A cluster whose node-1 is this very process."""
    made = Folder(tmp_path, "demo")
    for each in (made.config, made.run):
        each.mkdir(parents=True)
    made.write(msgspec.structs.replace(DEMO, complete=True))
    (made.config / "node-1.yaml").write_text(yaml.safe_dump(WRITTEN))
    record = Record(identity=procs.identify(os.getpid()))
    (made.run / "node-1.holder.pid").write_bytes(msgspec.json.encode(record))
    return made


@virtual_time
async def test_a_node_is_as_its_file_says_where_nobody_says_otherwise(folder):
    site = sites.site(folder, "node-1", await told())
    assert (site.mode, site.backend, site.families) == ("ipvs", "host-gw", (4, 6))
    assert site.netns == f"/proc/{os.getpid()}/ns/net"
    assert site.node.ranges == ("10.244.0.0/24",)
    assert site.other_modes() == ["iptables", "nftables"]
    assert [each.metadata.name for each in site.told.services] == ["web"]


@virtual_time
async def test_config_maps_come_before_the_nodes_own_file(folder):
    maps = (("kube-proxy", {"config.conf": CONFIG}), ("pyk8s-network", {"backend": "vxlan"}))
    site = sites.site(folder, "node-1", await told(maps=maps))
    assert (site.mode, site.backend) == ("nftables", "vxlan")
    wrong = await told(maps=(("pyk8s-network", {"backend": "bgp"}),))
    assert sites.site(folder, "node-1", wrong).backend == "host-gw"


@virtual_time
async def test_a_node_that_is_not_there_does_not_run_or_has_no_file(folder):
    api = await told()
    with pytest.raises(NoSuchNode, match="has no node node-9"):
        sites.site(folder, "node-9", api)
    with pytest.raises(NoSuchNode, match="has not registered"):
        sites.site(folder, "node-1", sites.Told())
    (folder.config / "node-1.yaml").write_text("nodeName: node-1\nnodeIP: 1.1.1.1\nproxy: {mode: ebpf}\n")
    with pytest.raises(ClusterError, match=r"node-1\.yaml cannot be read: proxy\.mode"):
        sites.site(folder, "node-1", api)
    (folder.config / "node-1.yaml").write_text(yaml.safe_dump(WRITTEN))
    (folder.run / "node-1.holder.pid").unlink()
    with pytest.raises(NotRunning, match="node node-1 does not run"):
        sites.sites(folder, ["node-1"], api)
