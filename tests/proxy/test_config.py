import pytest

from pyk8s.proxy.config import Config

NODE = {"nodeName": "a", "nodeIP": "172.30.0.2", "clusterCIDR": "10.244.0.0/16,fd00::/48"}


def test_a_nodes_file_will_do():
    config = Config.read(NODE | {"proxy": {"mode": "ipvs"}, "serviceCIDR": "10.96.0.0/16"})
    assert (config.node, config.addresses, config.mode, config.families) == ("a", ("172.30.0.2",), "ipvs", (4,))
    assert config.settings(4).cluster_ranges == ("10.244.0.0/16",)
    assert config.settings(6).cluster_ranges == ("fd00::/48",)
    assert (config.settings(4).service_ranges, config.settings(6).service_ranges) == (("10.96.0.0/16",), ())


def test_a_node_of_two_families_has_rules_of_both():
    assert Config.read(NODE | {"nodeIP": "172.30.0.2,fd30::2"}).families == (4, 6)


def test_what_can_be_chosen():
    chosen = {
        "iptablesBackend": "legacy",
        "healthzBindAddress": "[::1]:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "nodePortAddresses": ["primary"],
        "masqueradeAll": True,
        "scheduler": "lc",
        "strictARP": True,
    }
    config = Config.read(NODE | {"proxy": chosen})
    assert (config.backend, config.health, config.metrics) == ("legacy", ("::1", 10256), ("127.0.0.1", 10249))
    settings = config.settings(4)
    assert (settings.masquerade_all, settings.scheduler, settings.strict_arp) == (True, "lc", True)


LOCAL = ("172.30.0.2", "192.168.7.1", "127.0.0.1", "fd30::2")


@pytest.mark.parametrize(
    ("said", "ranges", "on"),
    [
        ([], (), ("127.0.0.1", "172.30.0.2", "192.168.7.1")),
        (["all"], (), ("127.0.0.1", "172.30.0.2", "192.168.7.1")),
        (["0.0.0.0/0"], (), ("127.0.0.1", "172.30.0.2", "192.168.7.1")),
        (["primary"], ("172.30.0.2/32",), ("172.30.0.2",)),
        (["localhost"], ("127.0.0.0/8",), ("127.0.0.1",)),
        (["192.168.0.0/16", "primary"], ("192.168.0.0/16", "172.30.0.2/32"), ("172.30.0.2", "192.168.7.1")),
        (["fd30::/64"], (), ("127.0.0.1", "172.30.0.2", "192.168.7.1")),
    ],
)
def test_where_node_ports_answer(said, ranges, on):
    settings = Config.read(NODE | {"proxy": {"nodePortAddresses": said}}).settings(4, LOCAL)
    assert (settings.node_port_ranges, settings.node_ports_on) == (ranges, on)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"nodeName": ""}, "nodeName"),
        ({"proxy": {"mode": "userspace"}}, "proxy.mode is 'userspace'"),
        ({"proxy": {"iptablesBackend": "nfs"}}, "proxy.iptablesBackend"),
        ({"proxy": {"healthzBindAddress": "10256"}}, "healthzBindAddress"),
        ({"proxy": {"metricsBindAddress": "x"}}, "metricsBindAddress"),
        ({"proxy": {"nodePortAddresses": ["10.0.0.0/33"]}}, "nodePortAddresses"),
        ({"proxy": {"nodePortAddresses": "10.0.0.0/8"}}, "nodePortAddresses"),
        ({"clusterCIDR": "pods"}, "clusterCIDR"),
        ({"serviceCIDR": "10.96.0.1/16"}, "serviceCIDR"),
        ({"proxy": {"healthzBindAddress": "1.2.3.4:http"}}, "healthzBindAddress"),
    ],
)
def test_a_wrong_setting_is_refused_by_key(change, says):
    with pytest.raises(ValueError, match=says):
        Config.read(NODE | change)


@pytest.mark.parametrize(
    ("mode", "said", "ranges"),
    [
        ("nftables", [], ("172.30.0.2/32",)),
        ("nftables", ["all"], ()),
        ("nftables", ["10.0.0.0/8"], ("10.0.0.0/8",)),
        ("iptables", [], ()),
        ("ipvs", [], ()),
    ],
)
def test_in_the_mode_nftables_node_ports_answer_at_the_primary_address_unless_told_otherwise(mode, said, ranges):
    config = Config("here", ("172.30.0.2",), mode=mode, node_port_addresses=tuple(said))
    assert config.settings(4, ["172.30.0.2", "10.9.9.9"]).node_port_ranges == ranges
