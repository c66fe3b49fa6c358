"""Tables of nftables, virtual servers, sets and routes as lines."""

import struct

from pyk8s.kernel.attributes import attribute, nested
from pyk8s.kernel.ipset import shown as sets
from pyk8s.kernel.ipset.values import Content
from pyk8s.kernel.ipset.values import Set as AddressSet
from pyk8s.kernel.ipvs import messages
from pyk8s.kernel.ipvs import shown as servers
from pyk8s.kernel.ipvs.values import Entry, Front, Load, Place, Real, Server
from pyk8s.kernel.nftables import shown as tables
from pyk8s.kernel.nftables.values import Chain, Element, Goto, Held, Hook, Map, Rule, Set, Verdict
from pyk8s.kernel.route import shown as routes
from pyk8s.kernel.route.values import Route
from pyk8s.kernel.shown import compare

KEY = ("10.96.0.1", "tcp", 80)
WEB = Element("service-ips", KEY, Goto("web"), "shop/web")


RULES = (Rule("web", (), Verdict("accept")),)
SETS = (Map("service-ips", ("daddr", "l4proto", "dport"), counted=True), Set("seen", ("saddr",), 9))


def table(*elements, rules=RULES, hook=None):
    return Held(
        {"web": Chain("web", hook)},
        {"web": rules},
        {each.name: each for each in SETS},
        {"service-ips": {each.key: each for each in elements}, "seen": {("10.0.0.1",): Element("seen", ("10.0.0.1",))}},
    )


def kinds(one, other):
    return [(row.kind, row.place) for row in compare(one, other)]


def test_elements_rules_and_hooks_of_a_table_are_compared():
    wanted = tables.lines(table(WEB), "ip")
    assert kinds(wanted, tables.lines(table(WEB), "ip")) == []
    assert kinds(wanted, tables.lines(table(), "ip")) == [("missing", "map service-ips")]
    other = Element("service-ips", KEY, Goto("shop"))
    assert kinds(wanted, tables.lines(table(other), "ip")) == [("changed", "map service-ips")]
    assert kinds(wanted, tables.lines(table(WEB, rules=()), "ip")) == [("missing", "chain web")]
    assert kinds(wanted, tables.lines(table(WEB, hook=Hook("nat", "output", 0)), "ip")) == [("changed", "chain web")]
    assert kinds(wanted, {}) == [("missing", "chain web")] * 2 + [("missing", "map service-ips")] * 2 + [
        ("missing", "set seen")
    ]


def test_elements_tell_their_packets_and_a_comment_is_no_difference():
    silent = Element("service-ips", KEY, Goto("web"))
    found = tables.lines(table(silent), "ip", {"service-ips": {KEY: 5}})
    assert kinds(tables.lines(table(WEB), "ip"), found) == []
    assert [line.packets for line in found["map service-ips"]] == [None, 5]
    assert len(found["set seen"]) == 1, "what packets have put into a set is nobody's plan"


FRONT, PLACE, GOING = Front("tcp", "10.96.0.1", 80), Place("10.244.0.5", 8080), Place("10.244.0.6", 8080)


def test_virtual_servers_are_compared_but_for_those_that_drain():
    wanted = servers.lines({FRONT: Entry(Server(), {PLACE: Real()})})
    draining = {FRONT: Entry(Server(), {PLACE: Real(), GOING: Real(0)}, {PLACE: Load(2, 1)})}
    found = servers.lines(draining, {FRONT: 12})
    assert kinds(wanted, found) == []
    assert [line.packets for line in found["server tcp 10.96.0.1:80"]] == [12, 3]
    assert kinds(wanted, servers.lines({FRONT: Entry(Server("sh"), {PLACE: Real()})})) == [
        ("changed", "server tcp 10.96.0.1:80")
    ]
    assert kinds(wanted, {}) == [("missing", "server tcp 10.96.0.1:80")] * 2


def test_the_packets_of_a_virtual_server_are_read_from_its_message():
    counts = attribute(1, struct.pack("=Q", 3)) + attribute(2, struct.pack("=Q", 7_000_000_000))
    assert messages.read_packets(bytes(4) + nested(1, attribute(12, counts))) == 7_000_000_000
    assert messages.read_packets(bytes(4) + nested(1, attribute(1, b"\2\0"))) == 0


def test_members_of_sets_are_compared_with_their_marks():
    held = AddressSet("KUBE-CLUSTER-IP", "hash:ip,port")
    wanted = sets.lines({held.name: Content(held, {"10.96.0.1,tcp:80": 0})})
    assert kinds(wanted, sets.lines({held.name: Content(held, {"10.96.0.1,tcp:80": 0})})) == []
    assert kinds(wanted, sets.lines({held.name: Content(held, {"10.96.0.1,tcp:80": 5})})) == [
        ("changed", "set KUBE-CLUSTER-IP")
    ]
    assert kinds(wanted, sets.lines({held.name: Content(held)})) == [("missing", "set KUBE-CLUSTER-IP")]


def test_routes_are_compared_and_those_of_others_left_out():
    wish = Route("10.244.1.0/24", "172.30.0.3", protocol=80)
    wanted = {"routes": routes.planned([wish])}

    def found(*observed):
        return {"routes": routes.found([wish], observed, 80)}

    there = Route("10.244.1.0/24", "172.30.0.3", "eth0", protocol=80)
    assert kinds(wanted, found(there, Route("10.1.0.0/16", "172.30.0.9"))) == []
    assert kinds(wanted, found(Route("10.244.1.0/24", "172.30.0.4", "eth0", protocol=80))) == [("changed", "routes")]
    assert kinds(wanted, found()) == [("missing", "routes")]
    assert kinds(wanted, found(there, Route("10.244.9.0/24", "172.30.0.3", protocol=80))) == [("surplus", "routes")]
    assert routes.render(Route("10.1.0.0/24", "10.1.0.0", "pyk8s.1", onlink=True)) == (
        "10.1.0.0/24 via 10.1.0.0 dev pyk8s.1 onlink"
    )
