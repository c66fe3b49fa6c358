"""Clusters of IPv4, of IPv6 and of both: their ranges, and what is made of them."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509

from pyk8s.cluster import configs, identities, units, wish
from pyk8s.cluster.families import bracketed, loopback, plan_ranges
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.settings import read, write
from pyk8s.cluster.status import server
from pyk8s.cluster.wish import Wish
from pyk8s.wire import kubeconfig

ID, SUBNET, PORTS = "0123456789", "172.28.3.0/24", (20001, 20002, 20003, 20004)
FOLDER = Folder(Path("/var/lib/pyk8s"), "demo")


def made(family, **more):
    subnet = "" if family == "ipv6" else SUBNET
    return wish.settle(Wish(2, ip_family=family, **more), "demo", ID, subnet, PORTS)


@pytest.mark.parametrize(
    ("family", "subnets", "services", "pods"),
    [
        ("ipv4", [SUBNET], ["10.96.0.0/16"], ["10.244.0.0/16"]),
        ("ipv6", ["fd01:2345:6789::/64"], ["fd01:2345:6789:1::/112"], ["fd01:2345:6789:100::/56"]),
        (
            "dual",
            [SUBNET, "fd01:2345:6789::/64"],
            ["10.96.0.0/16", "fd01:2345:6789:1::/112"],
            ["10.244.0.0/16", "fd01:2345:6789:100::/56"],
        ),
    ],
)
def test_a_cluster_has_ranges_of_its_families(family, subnets, services, pods):
    ranges = plan_ranges(family, "" if family == "ipv6" else SUBNET, ID)
    assert [list(ranges.subnets), list(ranges.services), list(ranges.pods)] == [subnets, services, pods]


def test_no_range_of_a_cluster_overlaps_another():
    ranges = plan_ranges("dual", SUBNET, "0000000000")
    every = [ip_network(each) for each in (*ranges.subnets, *ranges.services, *ranges.pods)]
    for index, one in enumerate(every):
        assert not any(one.version == other.version and one.overlaps(other) for other in every[index + 1 :])
        assert one.is_private


def test_nodes_have_an_address_of_each_family():
    assert [node.addresses for node in made("dual").nodes] == [
        ("172.28.3.11", "fd01:2345:6789::b"),
        ("172.28.3.12", "fd01:2345:6789::c"),
    ]
    assert [node.addresses for node in made("ipv6").nodes] == [("fd01:2345:6789::b",), ("fd01:2345:6789::c",)]


def test_settings_are_read_as_they_were_written(tmp_path):
    settings = made("dual", network_backend="vxlan", proxy_mode="nftables")
    write(tmp_path / "settings.json", settings)
    assert read(tmp_path / "settings.json") == settings


def test_settings_of_a_cluster_from_before_are_those_of_ipv4(tmp_path):
    (tmp_path / "settings.json").write_text(
        '{"version": 1, "name": "old", "subnet": "172.28.0.0/24", "cpus": "2", "memory": "4Gi", "nodes": '
        '[{"name": "node-1", "address": "172.28.0.11", "cpus": "2", "memory": "4Gi"}], '
        '"ports": {"https": 1, "grpc": 2, "etcdClient": 3, "etcdPeer": 4}, "serviceCidr": "10.96.0.0/16"}'
    )
    old = read(tmp_path / "settings.json")
    assert (old.ip_family, old.gateways, old.network_backend) == ("ipv4", ("172.28.0.1",), "host-gw")
    assert old.nodes[0].addresses == ("172.28.0.11",)


def test_the_server_of_an_ipv6_cluster_listens_on_ipv6_alone():
    told = configs.apiserver(made("ipv6"), FOLDER)
    assert told["https"]["addresses"] == ["::1", "fd01:2345:6789::1"]
    assert told["advertiseAddress"] == "fd01:2345:6789::1"
    assert server(made("ipv6")) == "https://[::1]:20001"


def test_daemons_of_a_cluster_of_two_families_are_told_of_both():
    settings = made("dual", network_backend="vxlan", proxy_mode="nftables")
    control = configs.control_plane(settings, FOLDER)
    assert control["apiserver"]["https"]["addresses"] == ["127.0.0.1", "::1", "172.28.3.1", "fd01:2345:6789::1"]
    assert control["apiserver"]["serviceCIDR"] == "10.96.0.0/16,fd01:2345:6789:1::/112"
    assert control["controllers"]["clusterCIDR"] == "10.244.0.0/16,fd01:2345:6789:100::/56"
    node = configs.node(settings, FOLDER, settings.nodes[0])
    assert (node["nodeIP"], node["clusterCIDR"]) == ("172.28.3.11,fd01:2345:6789::b", settings.cluster_cidr)
    assert (node["network"]["backend"], node["proxy"]["mode"]) == ("vxlan", "nftables")


@pytest.mark.parametrize(("family", "forwards"), [("ipv4", False), ("ipv6", True), ("dual", True)])
def test_nodes_forward_ipv6_where_there_is_some(family, forwards):
    settings = made(family)
    plan = units.plan(settings, FOLDER, settings.nodes[0], "")
    assert (plan.sysctls.get("net/ipv6/conf/all/forwarding") == "1") == forwards
    assert plan.sysctls["net/ipv4/ip_forward"] == "1"
    for address in settings.nodes[0].addresses:
        assert f"{address} node-1\n" in plan.files["/etc/hosts"]


def test_names_and_addresses_of_every_family_stand_in_certificates_and_kubeconfigs(tmp_path):
    folder, settings = Folder(tmp_path, "demo"), made("ipv6")
    folder.config.mkdir(parents=True)
    identities.make(folder, settings, "host", settings.nodes)
    certificate = x509.load_pem_x509_certificate((folder.pki / "apiserver.crt").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"::1", "fd01:2345:6789::1", "fd01:2345:6789:1::1"} <= {str(each.value) for each in names}
    assert kubeconfig.load(folder.kubeconfig).server == "https://[::1]:20001"
    node = kubeconfig.load(folder.config / "node-node-1.kubeconfig")
    assert (node.server, node.grpc_address) == (
        "https://[fd01:2345:6789::1]:20001",
        "[fd01:2345:6789::1]:20002",
    )


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Wish(ip_family="dual", network_backend="vxlan", proxy_mode="nftables"), []),
        (Wish(ip_family="ipv4"), ["family dual, ipv4 was asked for: make another"]),
        (Wish(network_backend="host-gw"), ["backend is vxlan, host-gw was asked for: write `backend` into"]),
        (Wish(proxy_mode="ipvs"), ["mode is nftables, ipvs was asked for: write `mode` into"]),
    ],
)
def test_what_a_cluster_is_not_is_told_with_what_to_do(asked, says):
    settings = made("dual", network_backend="vxlan", proxy_mode="nftables")
    found = wish.differences(asked, settings)
    assert len(found) == len(says)
    assert all(part in sentence for part, sentence in zip(says, found, strict=True))


def test_addresses_before_a_port_are_bracketed():
    assert (bracketed("fd00::1"), bracketed("10.0.0.1")) == ("[fd00::1]", "10.0.0.1")
    assert (loopback("fd00::1"), loopback("10.0.0.1")) == ("::1", "127.0.0.1")
