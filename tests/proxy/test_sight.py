"""What a proxy beside a node is told, and what it makes of it."""

import pytest

from pyk8s.proxy import sight
from pyk8s.proxy.config import Config
from pyk8s.proxy.objects import ConfigMap, Metadata, Node, NodeAddress, NodeSpec, NodeStatus
from pyk8s.proxy.sight import Objects
from tests.proxy.services import at, endpoint_slice, service

BASE = Config("here", ("172.30.0.2",), ("10.244.0.0/16",), mode="iptables")
DOCUMENT = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: {}\n"


def config_map(text):
    return ConfigMap(Metadata("kube-proxy"), {"config.conf": text} if text is not None else None)


@pytest.mark.parametrize(
    ("held", "mode"),
    [
        (None, "iptables"),
        (config_map(None), "iptables"),
        (config_map(DOCUMENT.format("nftables")), "nftables"),
        (config_map(DOCUMENT.format("ebpf")), "iptables"),
        (config_map("a: ["), "iptables"),
        (config_map("- a"), "iptables"),
    ],
)
def test_kube_proxys_configuration_is_taken_unless_it_is_wrong(held, mode):
    assert sight.configured(BASE, held).mode == mode


def test_what_is_wanted_follows_from_services_slices_and_the_node():
    addresses = [NodeAddress("InternalIP", "172.30.0.2"), NodeAddress("Hostname", "here")]
    labels = {"topology.kubernetes.io/zone": "a"}
    node = Node(Metadata("here", labels=labels), NodeSpec(), NodeStatus(addresses))
    held = Objects([service("web"), service("headless", "None", clusterIPs=["None"])],
                   [endpoint_slice("web", at("10.244.0.5"))], node)  # fmt: skip
    wanted = sight.want(BASE, held, ["10.244.0.1", "fd00::1"], 4)
    assert list(wanted.intents) == ["shop/web"]
    (intent,) = wanted.intents["shop/web"]
    assert [each.address for each in intent.everyone.endpoints] == ["10.244.0.5"]
    assert wanted.settings.node_addresses == ("172.30.0.2", "10.244.0.1")
    assert wanted.mode == "iptables"
    assert sight.want(BASE, held, [], 6).intents == {}
    assert sight.want(BASE, Objects(), [], 4).intents == {}


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
def test_each_mode_has_a_view_that_shows_its_plan_and_asks_no_kernel_for_it(mode):
    held = Objects([service("web")], [endpoint_slice("web", at("10.244.0.5"))])
    wanted = sight.want(sight.configured(BASE, config_map(DOCUMENT.format(mode))), held, ["10.244.0.1"], 4)
    view = sight.look(wanted, "/nowhere")
    assert view.mode == mode
    assert "10.244.0.5" in str(view.planned())
