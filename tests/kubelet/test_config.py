"""The node's configuration."""

import pytest

from pyk8s.api.configuration import ConfigInvalid
from pyk8s.kubelet.config import decode_config


def test_what_is_not_said_has_a_default():
    config = decode_config({"nodeName": "n", "nodeIP": "10.0.0.1", "proxy": {"mode": "iptables"}})
    assert (config.node_name, config.node_ip, config.heartbeat_seconds) == ("n", "10.0.0.1", 10.0)
    assert config.server is None


def test_what_is_said_is_taken():
    server = {"certFile": "/c", "keyFile": "/k", "caFile": "/a", "port": 7}
    config = decode_config(
        {"nodeName": "n", "nodeIP": "10.0.0.1", "clusterDNS": ["1.1.1.1"], "server": server, "heartbeatSeconds": 1}
    )
    assert config.server.port == 7
    assert config.cluster_dns == ["1.1.1.1"]
    assert config.heartbeat_seconds == 1


def test_a_node_of_two_families_has_an_address_of_each():
    config = decode_config({"nodeName": "n", "nodeIP": "10.0.0.1, fd00::1"})
    assert config.node_ips == ("10.0.0.1", "fd00::1")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"nodeIP": "10.0.0.1"}, "nodeName"),
        ({"nodeName": "n", "nodeIP": "here"}, "nodeIP: 'here' does not appear"),
        ({"nodeName": "n", "nodeIP": "10.0.0.1,10.0.0.2"}, "nodeIP: .*one of IPv4 and one of IPv6"),
        ({"nodeName": "n", "nodeIP": "10.0.0.1", "heartbeatSeconds": "soon"}, "heartbeatSeconds"),
        ({"nodeName": "n", "nodeIP": "10.0.0.1", "cgroupDriver": "systemd"}, "cgroupDriver: 'systemd'"),
        ({"nodeName": "n", "nodeIP": "10.0.0.1", "rootDir": "here"}, "must be an absolute path"),
        (
            {"nodeName": "n", "nodeIP": "10.0.0.1", "healthzBindAddress": "10248"},
            "healthzBindAddress: .*write one",
        ),
    ],
)
def test_what_is_wrong_is_named(said, message):
    with pytest.raises(ConfigInvalid, match=message):
        decode_config(said)
