"""What the API tells of how a node's proxy should be: decided once, for the proxy and for who looks at it."""

from dataclasses import replace

import pytest

from pyk8s.proxy.config import Config
from pyk8s.proxy.objects import ConfigMap, Metadata, Node, NodeAddress, NodeSpec, NodeStatus
from pyk8s.proxy.sync import Proxy
from pyk8s.proxy.told import read_document, settle

BASE = Config("here", ("172.30.0.2",), ("10.244.0.0/16",))
ADDRESSES = [NodeAddress("InternalIP", "172.30.0.2"), NodeAddress("ExternalIP", "203.0.113.5"),
             NodeAddress("InternalIP", "fd30::2"), NodeAddress("Hostname", "here")]  # fmt: skip
NODE = Node(Metadata("here"), NodeSpec(pod_cidrs=["10.244.7.0/24"]), NodeStatus(ADDRESSES))


@pytest.mark.parametrize(
    ("node", "family", "addresses"),
    [(None, 4, ("172.30.0.2", "10.244.0.1")), (NODE, 4, ("172.30.0.2", "10.244.0.1")), (NODE, 6, ("fd30::2",))],
)
def test_the_addresses_of_a_node_are_its_links_and_its_internal_ones(node, family, addresses):
    assert settle(BASE, node, ["10.244.0.1"], family).node_addresses == addresses


def test_the_pods_of_a_node_are_its_own_ranges_where_that_is_asked_for():
    assert settle(replace(BASE, pods_of_node=True), NODE, [], 4).cluster_ranges == ("10.244.7.0/24",)


def test_the_proxy_and_who_looks_at_it_from_beside_decide_alike():
    proxy = Proxy(BASE)
    proxy.note_node(None, NODE)
    assert proxy._now(4) == settle(BASE, NODE, [], 4)


@pytest.mark.parametrize(
    ("data", "document"), [(None, None), ({}, None), ({"config.conf": "mode: ipvs"}, {"mode": "ipvs"})]
)
def test_the_document_of_a_config_map(data, document):
    assert read_document(ConfigMap(Metadata("kube-proxy"), data)) == document


def test_no_config_map_is_no_document():
    assert read_document(None) is None


def test_what_is_no_yaml_is_told_with_its_key():
    with pytest.raises(ValueError, match="is no YAML"):
        read_document(ConfigMap(Metadata("kube-proxy"), {"config.conf": "a: ["}))
