"""The node's configuration."""

import pytest

from pyk8s.kubelet.config import decode_config
from pyk8s.kubelet.errors import ConfigInvalid


def test_what_is_not_said_has_a_default():
    config = decode_config({"nodeName": "n", "nodeIP": "10.0.0.1", "proxy": {"mode": "iptables"}})
    assert (config.node_name, config.node_ip, config.heartbeat_seconds) == ("n", "10.0.0.1", 10.0)
    assert config.server is None


def test_what_is_said_is_taken():
    server = {"certFile": "/c", "keyFile": "/k", "caFile": "/a", "port": 7}
    config = decode_config(
        {"nodeName": "n", "nodeIP": "x", "clusterDNS": ["1.1.1.1"], "server": server, "heartbeatSeconds": 1}
    )
    assert config.server.port == 7
    assert config.cluster_dns == ["1.1.1.1"]
    assert config.heartbeat_seconds == 1


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"nodeIP": "x"}, "nodeName"),
        ({"nodeName": "n", "nodeIP": "x", "heartbeatSeconds": "soon"}, "heartbeatSeconds"),
        ({"nodeName": "n", "nodeIP": "x", "cgroupDriver": "systemd"}, "cgroupDriver: 'systemd'"),
        ({"nodeName": "n", "nodeIP": "x", "rootDir": "here"}, "must be an absolute path"),
    ],
)
def test_what_is_wrong_is_named(said, message):
    with pytest.raises(ConfigInvalid, match=message):
        decode_config(said)
