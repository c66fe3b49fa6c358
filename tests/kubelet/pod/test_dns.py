"""Names: host name, /etc/hosts, resolv.conf."""

import pytest

from pyk8s.kubelet.pod.dns import Resolver, fqdn, hostname, hosts_file, parse_resolv_conf, resolver
from tests.kubelet.values import make_pod

NODE = Resolver(("8.8.8.8",), ("lan",), ("rotate",))
CLUSTER = ("10.96.0.10",)
SEARCHES = ["default.svc.cluster.local", "svc.cluster.local", "cluster.local", "lan"]


@pytest.mark.parametrize(
    ("spec", "servers", "expected"),
    [
        pytest.param({}, CLUSTER, (["10.96.0.10"], SEARCHES, ["ndots:5"]), id="cluster first"),
        pytest.param({}, (), (["8.8.8.8"], ["lan"], ["rotate"]), id="no cluster dns: the node's"),
        pytest.param({"dnsPolicy": "Default"}, CLUSTER, (["8.8.8.8"], ["lan"], ["rotate"]), id="the node's"),
        pytest.param({"hostNetwork": True}, CLUSTER, (["8.8.8.8"], ["lan"], ["rotate"]), id="host network: the node's"),
        pytest.param(
            {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"},
            CLUSTER,
            (["10.96.0.10"], SEARCHES, ["ndots:5"]),
            id="cluster first with host network",
        ),
        pytest.param({"dnsPolicy": "None"}, CLUSTER, ([], [], []), id="none"),
        pytest.param(
            {
                "dnsConfig": {
                    "nameservers": ["1.1.1.1", "10.96.0.10"],
                    "searches": ["x.org", "lan"],
                    "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
                }
            },
            CLUSTER,
            (["10.96.0.10", "1.1.1.1"], [*SEARCHES, "x.org"], ["ndots:2", "edns0"]),
            id="the pod's own is added, its options win",
        ),
        pytest.param(
            {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["1", "2", "3", "4"]}},
            (),
            (["1", "2", "3"], [], []),
            id="three servers at most",
        ),
    ],
)
def test_the_resolver(spec, servers, expected):
    made = resolver(make_pod(**spec), NODE, servers, "cluster.local")
    assert (list(made.servers), list(made.searches), list(made.options)) == expected


def test_search_lists_are_bounded():
    many = [f"{'x' * 60}-{number}.example" for number in range(40)]
    made = resolver(make_pod(dnsPolicy="None", dnsConfig={"searches": many}), NODE, (), "cluster.local")
    assert len(made.searches) < 32
    assert len(" ".join(made.searches)) <= 2048


def test_resolv_conf_is_read():
    text = "# comment\nnameserver 1.1.1.1 # first\nnameserver 2.2.2.2\nsearch a b\nsearch c\n"
    text += "options ndots:3 rotate\nbogus\n"
    assert parse_resolv_conf(text) == Resolver(("1.1.1.1", "2.2.2.2"), ("c",), ("ndots:3", "rotate"))


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ({}, "p"),
        ({"hostname": "h"}, "h"),
        ({"hostNetwork": True}, "node-1"),
        ({"subdomain": "s"}, "p"),
        ({"subdomain": "s", "setHostnameAsFQDN": True}, "p.s.default.svc.cluster.local"),
        ({"hostname": "x" * 70}, "x" * 63),
    ],
)
def test_the_host_name(spec, name):
    assert hostname(make_pod(**spec), "node-1", "cluster.local") == name


def test_a_name_in_full_needs_a_subdomain():
    assert fqdn(make_pod(), "cluster.local") == ""
    assert fqdn(make_pod(hostname="h", subdomain="s"), "cluster.local") == "h.s.default.svc.cluster.local"


def test_hosts():
    pod = make_pod(hostAliases=[{"ip": "1.2.3.4", "hostnames": ["a", "b"]}])
    text = hosts_file(pod, ["10.0.0.1"], "node's own", "cluster.local")
    assert text.startswith("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n")
    assert "10.0.0.1\tp\n" in text
    assert text.endswith("\n# Entries added by HostAliases.\n1.2.3.4\ta\tb\n")
    assert "node's own" not in text


def test_hosts_in_the_network_of_the_node():
    text = hosts_file(make_pod(hostNetwork=True), ["10.0.0.1"], "127.0.0.1 localhost\n", "cluster.local")
    assert text == "# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n"
