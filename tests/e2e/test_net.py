"""Looking into the nodes of a real cluster: the way of a packet, a node's rules, and other modes and ways."""

import json
import subprocess

import pytest

from tests.e2e.cluster import Cluster, eventually, pod, service
from tests.images import build_tools

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SERVE = "mkdir -p /www && hostname > /www/index.html && exec httpd -f -p 8080 -h /www"


def on(number):
    return {"nodeSelector": {"kubernetes.io/hostname": f"node-{number}"}}


@pytest.fixture(scope="module")
def two():
    """A cluster of its own with two nodes, a server on the second behind a Service, a client on the first."""
    made = Cluster(nodes=2)
    try:
        made.up()
        image = build_tools(made)
        made.apply(
            pod("web", SERVE, image=image, **on(2)),
            service("web", 80, 8080, type="NodePort"),
            service("none", 80, 8080),
            pod("client", "sleep 36000", image=image, **on(1)),
        )
        made.wait("condition=Ready", "pod/web", "pod/client")
        address = made.field("pod/web", ".status.podIP")
        eventually(lambda: address in made("net", "rules", "node-1", code=None))
        yield made
    finally:
        made.down()


def path(cluster, *words, code=0):
    return json.loads(cluster("net", "path", *words, "-o", "json", code=code))


def nsenter(cluster, node, *command, check=True):
    """What a command prints in the network of a node."""
    holders = {each["node"]: each["pid"] for each in cluster.status()["processes"] if each["role"] == "holder"}
    words = ["nsenter", f"--net=/proc/{holders[node]}/ns/net", *command]
    return subprocess.run(words, check=check, capture_output=True, text=True).stdout


def test_the_way_of_a_pods_packet_names_the_rule_that_decides_and_a_real_one_takes_it(two):
    place = f"{two.field('pod/web', '.status.podIP')}:8080"
    found = path(two, "pod/client", "svc/web", "--probe")
    (way,) = found["ways"]
    assert (way["fate"], way["to"], found["probe"], found["surprises"]) == ("goes", place, "answered", [])
    assert way["decides"]["node"] == "node-1"
    assert way["decides"]["rule"].endswith(f"-j DNAT --to-destination {place}")
    assert way["taken"]
    assert {step["kernel"] for step in way["steps"] if step["at"] == "iptables"} == {"there"}
    assert [step["node"] for step in way["steps"] if step["at"] == "route"] == ["node-1", "node-2"]


def test_other_ends_have_their_ways_too(two):
    port = two.field("svc/web", ".spec.ports[0].nodePort")
    there = path(two, "node/node-1", f"node/node-2:{port}", "--probe")
    assert (there["ways"][0]["decides"]["node"], there["probe"]) == ("node-2", "answered")
    (refused,) = path(two, "pod/client", "svc/none", "--probe")["ways"]
    assert refused["fate"] == "rejected"
    (straight,) = path(two, "pod/client", "pod/web:8080")["ways"]
    assert (straight["fate"], straight["decides"]["at"]) == ("passes", "route")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("path", "pod/nobody", "svc/web"), "nobody"),
        (("path", "pod/client", "svc/web:81"), "service/web has no port 81 of tcp; it has 80/tcp"),
        (("rules", "node-9"), "has no node node-9"),
    ],
)
def test_what_there_is_not_is_named(two, words, why):
    two("net", *words, code=None)
    assert two.last.returncode in (1, 2)
    assert why in two.last.stderr


def test_a_rule_that_was_deleted_by_hand_is_shown_until_it_is_restored(two):
    assert "lines are as planned" in two("net", "rules", "node-1")
    said = nsenter(two, "node-1", "iptables-nft", "-t", "nat", "-S", check=False)
    save = "iptables-nft" if "KUBE-MARK-MASQ" in said else "iptables-legacy"
    nsenter(two, "node-1", save, "-t", "nat", "-F", "KUBE-MARK-MASQ")
    differing = json.loads(two("net", "rules", "node-1", "-o", "json", code=1))["differences"]
    assert [(row["state"], row["place"]) for row in differing] == [("missing", "nat KUBE-MARK-MASQ")]

    def restored():
        two("net", "rules", "node-1", code=None)
        return two.last.returncode == 0

    eventually(restored, seconds=60)


def test_another_mode_and_another_way_are_followed_by_all_nodes_and_leave_nothing(two):
    assert "all proxies are in the mode nftables" in two("net", "mode", "nftables")
    assert "of iptables there is: nothing" in two("net", "rules", "node-2", "--mode", "iptables")
    assert "all nodes are reached by vxlan" in two("net", "backend", "vxlan")
    (way,) = path(two, "pod/client", "svc/web", "--probe")["ways"]
    assert way["decides"]["at"] == "nftables"
    assert way["taken"]
    assert any("dev pyk8s.1" in step["kernel"] for step in way["steps"] if step["at"] == "route")
    assert "all proxies are in the mode iptables" in two("net", "mode", "iptables")
    assert "all nodes are reached by host-gw" in two("net", "backend", "host-gw")
    assert "lines are as planned" in two("net", "rules", "node-1")
