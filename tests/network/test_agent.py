"""The agent and its program on real namespaces."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pyk8s.kernel.link.run import observe as observe_links
from pyk8s.kernel.link.run import run as run_links
from pyk8s.kernel.link.values import Remove
from pyk8s.kernel.netns.run import set_sysctl
from pyk8s.kernel.route.run import observe as observe_routes
from pyk8s.network.masquerade import HOST_PORTS_GUARD
from pyk8s.network.plan import host_link
from pyk8s.network.ways.values import PROTOCOL
from tests.kernel.spaces import inside
from tests.kernel.waiting import eventually
from tests.network.ground import OUTSIDE, answering, ask, ground

pytestmark = pytest.mark.kernel


@pytest.fixture
def one(tmp_path):
    """A node with its agent running and its range known."""
    with ground(tmp_path, pods=3) as made:
        (node,) = made.nodes
        node.create(1)
        node.start()
        eventually(node.conflist.exists)
        yield made


def ours(node):
    return {route.destination: route.gateway for route in observe_routes(node.netns) if route.protocol == PROTOCOL}


def reserved(node):
    folder = node.folder / "state/networks/pyk8s"
    return {file.name for file in folder.iterdir() if file.name[0].isdecimal()} if folder.is_dir() else set()


def test_pods_cannot_come_before_the_nodes_range_is_known(tmp_path):
    with ground(tmp_path, pods=0) as made:
        (node,) = made.nodes
        node.create(1, pod_range=False)
        node.create(2)
        node.start()
        assert eventually(lambda: ours(node)) == {"10.244.2.0/24": "172.30.0.3"}
        assert not node.conflist.exists()
        node.delete(1)
        node.create(1)
        eventually(node.conflist.exists)


def test_two_pods_of_a_node_reach_each_other_and_the_world(one):
    (node,) = one.nodes
    first, second = (node.add(f"c{number}", one.pods[number]) for number in (0, 1))
    assert {first, second} == {"10.244.1.2", "10.244.1.3"}
    with answering(one.pods[1]), answering(one.outside):
        assert ask(one.pods[0], second) == first
        assert ask(one.pods[0], OUTSIDE) == node.address
    assert "mtu 1450" in inside(one.pods[0], "ip", "link", "show", "eth0")


def test_pods_of_two_nodes_reach_each_other_as_themselves(tmp_path):
    with ground(tmp_path, nodes=2, pods=2) as made:
        for node in made.nodes:
            node.create(1)
            node.create(2)
            node.start()
        for node in made.nodes:
            eventually(node.conflist.exists)
            eventually(lambda node=node: ours(node))
        first, second = (node.add("c", pod) for node, pod in zip(made.nodes, made.pods, strict=True))
        with answering(made.pods[1]):
            assert ask(made.pods[0], second) == first
            assert ask(made.nodes[0].netns, second) == made.nodes[0].address
        with answering(made.nodes[1].netns, 8081):
            assert ask(made.pods[0], made.nodes[1].address, 8081) == first


def test_a_pod_that_went_leaves_nothing_and_twice_is_no_error(one):
    (node,) = one.nodes
    before = observe_links(node.netns).keys()
    node.add("c1", one.pods[0])
    for _ in range(2):
        assert node.call("DEL", "c1", one.pods[0]) == (0, None)
    assert observe_links(node.netns).keys() == before
    assert observe_links(one.pods[0]).keys() == {"lo"}
    assert reserved(node) == set()


def test_del_works_when_the_namespace_is_gone(one):
    (node,) = one.nodes
    node.add("c1", one.pods[0])
    assert node.call("DEL", "c1", "/run/netns/gone-for-good") == (0, None)
    assert reserved(node) == set()


def test_check_sees_what_was_damaged(one):
    (node,) = one.nodes
    code, result = node.call("ADD", "c1", one.pods[0])
    assert node.call("CHECK", "c1", one.pods[0], conf={"prevResult": result}) == (0, None)
    run_links((Remove(host_link("c1", "eth0")),), node.netns)
    code, error = node.call("CHECK", "c1", one.pods[0], conf={"prevResult": result})
    assert (code, error["code"]) == (1, 999)


def test_a_namespace_that_is_not_there_is_an_error_that_leaves_nothing(one):
    (node,) = one.nodes
    code, error = node.call("ADD", "c1", "/run/netns/not-there")
    assert (code, error["code"]) == (1, 3)
    assert "/run/netns/not-there" in error["details"]
    assert reserved(node) == set()


def test_a_name_that_is_taken_in_the_pod_is_an_error_that_leaves_nothing(one):
    (node,) = one.nodes
    inside(one.pods[0], "ip", "link", "add", "eth0", "type", "bridge")
    code, error = node.call("ADD", "c1", one.pods[0])
    assert (code, error["code"]) == (1, 999)
    assert reserved(node) == set()
    assert host_link("c1", "eth0") not in observe_links(node.netns)


def test_the_loopback_plugin(one):
    (node,) = one.nodes
    conf = {"type": "loopback", "cniVersion": "0.3.1"}
    inside(one.pods[0], "ip", "link", "set", "lo", "down")
    code, result = node.call("ADD", "c1", one.pods[0], conf=conf, program="loopback")
    assert (code, result["ips"][0]["address"]) == (0, "127.0.0.1/8")
    assert observe_links(one.pods[0])["lo"].up
    assert node.call("DEL", "c1", one.pods[0], conf=conf, program="loopback") == (0, None)


def test_a_host_port_leads_to_its_pod_from_everywhere_until_it_goes(one):
    (node,) = one.nodes
    ports = {"runtimeConfig": {"portMappings": [{"hostPort": 9090, "containerPort": 8080, "protocol": "tcp"}]}}
    address = node.add("c1", one.pods[0], **ports)
    with answering(one.pods[0]):
        assert ask(one.outside, node.address, 9090) == OUTSIDE
        assert ask(node.netns, node.address, 9090) == node.address
        assert ask(node.netns, "127.0.0.1", 9090) == "10.244.1.1"
        assert ask(one.pods[0], node.address, 9090) == "10.244.1.1"
    assert address == "10.244.1.2"
    node.call("DEL", "c1", one.pods[0], conf=ports)
    with pytest.raises(ConnectionRefusedError):
        ask(one.outside, node.address, 9090)


def test_a_neighbour_on_the_bridge_cannot_send_to_127_0_0_1_of_the_node(one):
    """CVE-2020-8558, tried: a pod routes the node's own addresses to the bridge."""
    (node,) = one.nodes
    ports = {"runtimeConfig": {"portMappings": [{"hostPort": 9090, "containerPort": 8080, "protocol": "tcp"}]}}
    node.add("c1", one.pods[0])
    assert inside(node.netns, "sysctl", "-n", "net.ipv4.conf.cni0.route_localnet").strip() == "0"
    node.add("c2", one.pods[1], **ports)
    assert inside(node.netns, "sysctl", "-n", "net.ipv4.conf.cni0.route_localnet").strip() == "1"
    set_sysctl("net/ipv4/conf/eth0/route_localnet", "1", one.pods[0])
    inside(one.pods[0], "ip", "link", "set", "lo", "down")
    inside(one.pods[0], "ip", "rule", "add", "pref", "1", "lookup", "local")
    inside(one.pods[0], "ip", "address", "del", "127.0.0.1/8", "dev", "lo", check=False)
    inside(one.pods[0], "ip", "route", "replace", "127.0.0.0/8", "via", "10.244.1.1", "dev", "eth0", "table", "7")
    inside(one.pods[0], "ip", "rule", "add", "pref", "0", "to", "127.0.0.0/8", "lookup", "7")
    inside(one.pods[0], "ip", "rule", "del", "pref", "0", "lookup", "local")
    inside(node.netns, "ip", "link", "set", "lo", "up")
    with answering(node.netns, 8082):
        assert ask(node.netns, "127.0.0.1", 8082) == "127.0.0.1"
        with pytest.raises(TimeoutError):
            ask(one.pods[0], "127.0.0.1", 8082)
        inside(node.netns, "iptables", "-F", HOST_PORTS_GUARD)
        assert ask(one.pods[0], "127.0.0.1", 8082) == "10.244.1.2", "it is the guard that keeps it away"


def test_nodes_that_come_and_go_take_their_routes_along(one):
    (node,) = one.nodes
    node.create(2)
    node.create(3)
    eventually(lambda: ours(node) == {"10.244.2.0/24": "172.30.0.3", "10.244.3.0/24": "172.30.0.4"})
    node.delete(2)
    eventually(lambda: ours(node) == {"10.244.3.0/24": "172.30.0.4"})


def test_an_agent_that_starts_again_changes_nothing_and_serves_on(one):
    (node,) = one.nodes
    address = node.add("c1", one.pods[0])
    rules = inside(node.netns, "iptables-save", "-t", "nat")
    written = node.conflist.stat().st_mtime_ns
    node.stop()
    node.start()
    second = node.add("c2", one.pods[1])
    with answering(one.pods[0]):
        assert ask(one.pods[1], address) == second
    strip = [line for line in rules.splitlines() if not line.startswith("#")]
    after = inside(node.netns, "iptables-save", "-t", "nat").splitlines()
    assert [line for line in after if not line.startswith("#")] == strip
    assert node.conflist.stat().st_mtime_ns == written


def test_many_pods_at_once_all_get_addresses_of_their_own(tmp_path):
    with ground(tmp_path, pods=20) as made:
        (node,) = made.nodes
        node.create(1)
        node.start()
        eventually(node.conflist.exists)
        with ThreadPoolExecutor(8) as pool:
            numbers = range(len(made.pods))
            addresses = set(pool.map(lambda number: node.add(f"c{number}", made.pods[number]), numbers))
            assert len(addresses) == len(made.pods)
            gone = set(pool.map(lambda number: node.call("DEL", f"c{number}", made.pods[number])[0], numbers))
        assert gone == {0}
        assert reserved(node) == set()
        assert {"lo", "eth0", "cni0"} == observe_links(node.netns).keys()


@pytest.mark.parametrize("leave", ["stopped", "no socket", "never there"])
def test_the_program_works_alone_where_no_agent_answers(one, leave):
    (node,) = one.nodes
    first = node.add("c1", one.pods[0])
    node.stop()
    if leave == "no socket":
        (node.folder / "cni.sock").unlink()
    if leave == "never there":
        shutil.rmtree(node.folder / "state")
        run_links((Remove("cni0"),), node.netns)
    second = node.add("c2", one.pods[1], ipMasq=True)
    third = node.add("c3", one.pods[2])
    with answering(one.pods[1]), answering(one.outside):
        assert ask(one.pods[2], second) == third
        assert ask(one.pods[1], OUTSIDE) == node.address
    if leave != "never there":
        assert len({first, second, third}) == 3
    for number in (1, 2, 3):
        assert node.call("DEL", f"c{number}", one.pods[number - 1]) == (0, None)
    assert reserved(node) == set()
    node.start()


def test_nothing_of_the_agent_is_readable_by_others(one):
    (node,) = one.nodes
    node.add("c1", one.pods[0])
    secret = [node.folder / "cni.sock", node.conflist, *Path(node.folder / "state/networks/pyk8s").iterdir()]
    assert {file.stat().st_mode & 0o077 for file in secret} == {0}
