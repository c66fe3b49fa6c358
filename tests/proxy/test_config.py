import pytest

from pyk8s.proxy.config import Config

NODE = {"nodeName": "a", "nodeIP": "172.30.0.2", "clusterCIDR": "10.244.0.0/16,fd00::/48"}


def test_a_nodes_file_will_do():
    assert Config.read(NODE | {"proxy": {"mode": "iptables"}}) == Config("a", "172.30.0.2", ("10.244.0.0/16",))


def test_what_can_be_chosen():
    config = Config.read(NODE | {"proxy": {"iptablesBackend": "legacy", "healthzBindAddress": "[::1]:10256"}})
    assert (config.backend, config.health) == ("legacy", ("::1", 10256))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"nodeName": ""}, "nodeName"),
        ({"proxy": {"mode": "userspace"}}, "proxy.mode is 'userspace'"),
        ({"proxy": {"iptablesBackend": "nfs"}}, "proxy.iptablesBackend"),
        ({"proxy": {"healthzBindAddress": "10256"}}, "healthzBindAddress"),
        ({"proxy": {"healthzBindAddress": "1.2.3.4:http"}}, "healthzBindAddress"),
    ],
)
def test_a_wrong_setting_is_refused_by_key(change, says):
    with pytest.raises(ValueError, match=says):
        Config.read(NODE | change)
