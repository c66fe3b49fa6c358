"""What the network agent is told."""

import pytest

from pyk8s.network.config import Config

LEAST = {"nodeName": "a", "nodeIP": "172.30.0.2"}


@pytest.mark.parametrize("key", ["nodeName", "nodeIP"])
def test_a_configuration_without_its_node_is_refused_by_key(key):
    with pytest.raises(ValueError, match=key):
        Config.read(LEAST | {key: ""})


def test_what_is_not_said_has_a_default():
    config = Config.read(LEAST)
    assert (config.addresses, config.cluster_ranges) == (("172.30.0.2",), ())
    assert (config.backend, config.mtu, config.vxlan.vni, config.vxlan.port) == ("host-gw", 0, 1, 4789)


def test_addresses_and_ranges_of_two_families():
    config = Config.read(LEAST | {"nodeIP": "172.30.0.2,fd30::2", "clusterCIDR": "10.244.0.0/16, fd44::/56"})
    assert config.addresses == ("172.30.0.2", "fd30::2")
    assert config.cluster_ranges == ("10.244.0.0/16", "fd44::/56")


def test_how_nodes_reach_each_other():
    config = Config.read(LEAST | {"network": {"backend": "vxlan", "mtu": 1400, "vni": 7, "port": 8472}})
    assert (config.backend, config.mtu, config.vxlan.vni, config.vxlan.port) == ("vxlan", 1400, 7, 8472)


@pytest.mark.parametrize(
    ("network", "says"),
    [
        ({"backend": "wireguard"}, "network.backend is 'wireguard': write host-gw or vxlan"),
        ({"mtu": 100}, "network.mtu is 100: write a number from 1280"),
        ({"vni": 1 << 24}, "network.vni"),
        ({"port": "high"}, "network.port is 'high'"),
    ],
)
def test_what_cannot_be_is_refused_by_key(network, says):
    with pytest.raises(ValueError, match=says):
        Config.read(LEAST | {"network": network})
