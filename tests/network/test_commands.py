from dataclasses import replace

import pytest

from pyk8s.kernel.errors import Refused
from pyk8s.kernel.link.values import Add, Change, Link, Remove
from pyk8s.network.attach import add
from pyk8s.network.calls import Call
from pyk8s.network.check import check, status
from pyk8s.network.commands import loopback, versions
from pyk8s.network.conf import HostPort, NetConf, Rate
from pyk8s.network.detach import collect, delete
from pyk8s.network.errors import CniError, Code
from pyk8s.network.ipam.conf import IpamConf
from pyk8s.network.ipam.store import Store
from pyk8s.network.ipam.values import Pool
from pyk8s.network.networks import CHAIN
from pyk8s.network.plan import alias_of, host_link, shaper_link

CALL = Call("ADD", "c1", "/ns/1", "/ns/1", "eth0")
HOST = host_link("c1", "eth0")


def held(conf):
    return {str(address): owner for address, owner in Store(conf.ipam.data_folder, conf.name).held().items()}


def test_add_makes_bridge_pair_address_and_route(hands, conf):
    result = add(CALL, conf, hands)
    host, pod = hands.links.observe(), hands.links.observe("/ns/1")
    assert (host["cni0"].addresses, host[HOST].master, host[HOST].hairpin) == (("10.244.1.1/29",), "cni0", True)
    assert (pod["eth0"].addresses, pod["eth0"].up) == (("10.244.1.2/29",), True)
    assert [(route.destination, route.gateway) for route in hands.routes.observe("/ns/1")] == [
        ("0.0.0.0/0", "10.244.1.1")
    ]
    assert hands.sysctls == {
        "net/ipv4/ip_forward": "1",
        "net/ipv6/conf/cni0/accept_ra": "0",
        "net/ipv4/conf/eth0/arp_notify": "1",
    }
    assert result["ips"][0]["address"] == "10.244.1.2/29"
    assert held(conf) == {"10.244.1.2": ("c1", "eth0")}


def test_a_pod_of_both_families_is_forwarded_in_both_and_has_its_address_at_once(hands, conf):
    pools = tuple((Pool.of(each),) for each in ("10.244.1.0/29", "fd44::/64"))
    add(CALL, replace(conf, ipam=replace(conf.ipam, sets=pools)), hands)
    assert hands.sysctls == {
        "net/ipv4/ip_forward": "1",
        "net/ipv6/conf/all/forwarding": "1",
        "net/ipv6/conf/cni0/accept_ra": "0",
        "net/ipv4/conf/eth0/arp_notify": "1",
        "net/ipv6/conf/eth0/disable_ipv6": "0",
        "net/ipv6/conf/eth0/accept_dad": "0",
    }


def test_the_second_pod_finds_the_bridge_and_gets_the_next_address(hands, conf):
    add(CALL, conf, hands)
    result = add(replace(CALL, container="c2", netns="/ns/2"), conf, hands)
    assert result["ips"][0]["address"] == "10.244.1.3/29"
    assert result["interfaces"][0]["mac"] == "0a:58:0a:f4:01:01"


def test_a_bridge_that_somebody_removed_is_made_again(hands, conf):
    add(CALL, conf, hands)
    hands.links.run((Remove("cni0"),))
    add(replace(CALL, container="c2", netns="/ns/2"), conf, hands)
    assert hands.links.observe()["cni0"].addresses == ("10.244.1.1/29",)


def test_a_bridge_that_lacks_its_address_is_put_right(hands, conf):
    hands.links.run((Add(Link("cni0", "bridge")), Change("cni0", up=False)))
    add(CALL, conf, hands)
    bridge = hands.links.observe()["cni0"]
    assert (bridge.addresses, bridge.up) == (("10.244.1.1/29",), True)


def test_of_two_first_pods_at_once_the_later_uses_the_bridge_that_the_other_has_just_made(hands, conf):
    observe = hands.links.observe

    def before_the_other(netns=""):
        seen = observe(netns)
        hands.links.observe = observe
        hands.links.run((Add(Link("cni0", "bridge")),))
        return seen

    hands.links.observe = before_the_other
    assert add(CALL, conf, hands)["ips"][0]["address"] == "10.244.1.2/29"
    assert observe()["cni0"].addresses == ("10.244.1.1/29",)


def test_a_second_add_is_refused_and_harms_nothing(hands, conf):
    add(CALL, conf, hands)
    before = hands.links.observe()
    with pytest.raises(CniError, match="eth0 is there already") as refused:
        add(CALL, conf, hands)
    assert refused.value.code is Code.INTERNAL
    assert (hands.links.observe(), held(conf)) == (before, {"10.244.1.2": ("c1", "eth0")})


def test_an_attachment_whose_namespace_was_replaced_is_there_already(hands, conf):
    add(CALL, conf, hands)
    Store(conf.ipam.data_folder, conf.name).release(CALL.owner)
    with pytest.raises(CniError, match="belongs to c1/eth0"):
        add(replace(CALL, netns="/ns/2"), conf, hands)
    assert (HOST in hands.links.observe(), held(conf)) == (True, {})


def test_a_lease_without_a_link_asks_for_a_del_first(hands, conf):
    Store(conf.ipam.data_folder, conf.name).reserve(CALL.owner, conf.ipam.sets)
    with pytest.raises(CniError, match="DEL comes before another ADD"):
        add(CALL, conf, hands)
    delete(CALL, conf, hands)
    assert add(CALL, conf, hands)["ips"][0]["address"] == "10.244.1.3/29"


@pytest.mark.parametrize(
    ("netns", "code"),
    [("", Code.UNKNOWN_CONTAINER), ("/ns/gone", Code.UNKNOWN_CONTAINER), ("/ns/host", Code.INVALID_ENVIRONMENT)],
)
def test_a_namespace_that_is_gone_or_the_hosts_own_is_refused(hands, conf, netns, code):
    with pytest.raises(CniError) as refused:
        add(replace(CALL, netns=netns), conf, hands)
    assert refused.value.code is code
    assert held(conf) == {}


@pytest.mark.parametrize("broken", ["links", "routes", "ports", "qdiscs", "guards", "networks", "masquerading"])
def test_whatever_fails_leaves_nothing_behind(hands, conf, tmp_path, broken):
    limit = Rate(8000, 8000)
    conf = replace(conf, host_ports=(HostPort(8080, 80),), check_mac=True, ingress=limit, egress=limit, masquerade=True)
    before = hands.links.observe().keys() | {"cni0"}

    def refuse(*_):
        raise Refused(broken, 1)

    match broken:
        case "links":
            run = hands.links.run
            hands.links.run = lambda actions, netns="": refuse() if netns else run(actions)
        case "routes":
            hands.routes.run = refuse
        case "ports":
            hands.rules.run = refuse
        case "qdiscs":
            hands.qdiscs.run = refuse
        case "guards":
            hands.guards.run = refuse
        case "networks":
            hands.networks.join = refuse
        case "masquerading":
            written = hands.rules.run
            hands.rules.run = lambda actions: (
                refuse() if any(each.chain == CHAIN for each in actions) else written(actions)
            )
    with pytest.raises(Refused):
        add(CALL, conf, hands)
    assert hands.links.observe().keys() == before
    assert held(conf) == {}
    assert hands.guards.observe() == {}
    assert not (tmp_path / "masquerade" / conf.name).exists()
    if broken != "ports":  # what refuses to make a rule refuses to take it away: the record stays for DEL
        assert not list((tmp_path / "hostports").glob("PYK8S-HP-*"))


def test_a_full_range_is_error_11_and_names_it(hands, conf):
    for number in range(5):
        Store(conf.ipam.data_folder, conf.name).reserve((f"x{number}", "eth0"), conf.ipam.sets)
    with pytest.raises(CniError, match=r"10\.244\.1\.1-10\.244\.1\.6") as refused:
        add(CALL, conf, hands)
    assert refused.value.code is Code.TRY_AGAIN
    assert "cni0" not in hands.links.observe()


def test_del_takes_everything_away_and_twice_is_no_error(hands, conf):
    conf = replace(conf, host_ports=(HostPort(8080, 80),))
    add(CALL, conf, hands)
    for _ in range(2):
        assert delete(replace(CALL, command="DEL", netns=""), conf, hands) is None
    assert HOST not in hands.links.observe()
    assert "eth0" not in hands.links.observe("/ns/1")
    assert held(conf) == {}
    assert not [chain for chain in hands.rules.tables["nat"] if chain.startswith("PYK8S-HP-")]


def test_del_lets_go_of_the_address_only_after_the_link_is_gone(hands, conf):
    add(CALL, conf, hands)
    hands.links.run = lambda actions, netns="": (_ for _ in ()).throw(Refused("remove", 16))
    with pytest.raises(Refused):
        delete(CALL, conf, hands)
    assert held(conf) == {"10.244.1.2": ("c1", "eth0")}


def test_host_ports_lead_to_the_pod(hands, conf):
    add(CALL, replace(conf, host_ports=(HostPort(8080, 80), HostPort(8081, 81, "udp"))), hands)
    text = str(hands.rules.tables["nat"])
    assert "10.244.1.2:80" in text
    assert "10.244.1.2:81" in text
    assert hands.sysctls["net/ipv4/conf/cni0/route_localnet"] == "1"


def test_host_ports_that_127_0_0_1_does_not_reach_leave_the_bridge_as_it_is(hands, conf):
    add(CALL, replace(conf, host_ports=(HostPort(8080, 80, "tcp", "", 6),)), hands)
    add(
        replace(CALL, container="c2", netns="/ns/2"),
        replace(conf, host_ports=(HostPort(80, 80),), port_snat=False),
        hands,
    )
    assert "net/ipv4/conf/cni0/route_localnet" not in hands.sysctls


def test_a_network_without_an_agent_masquerades_for_itself(hands, conf):
    add(CALL, replace(conf, masquerade=True), hands)
    assert len(hands.rules.tables["nat"][CHAIN]) == 3
    delete(CALL, conf, hands)
    assert hands.rules.tables["nat"][CHAIN] == ()


def test_check_is_content_with_what_add_made(hands, conf):
    result = add(CALL, conf, hands)
    assert check(CALL, replace(conf, previous=result), hands) is None


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda hands, conf: hands.links.run((Remove(HOST),)), "eth0 is missing"),
        (lambda hands, conf: hands.links.run((Change("eth0", up=False),), "/ns/1"), "eth0 is down"),
        (lambda hands, conf: Store(conf.ipam.data_folder, conf.name).release(("c1", "eth0")), "no address is reserved"),
        (lambda hands, conf: hands.links.run((Remove("cni0"),)), "the bridge cni0 is missing"),
        (lambda hands, conf: hands.links.run((Change("cni0", mac="0a:00:00:00:00:09"),)), "cni0 has the MAC"),
        (lambda hands, conf: hands.links.run((Change("eth0", mac="0a:00:00:00:00:09"),), "/ns/1"), "eth0 has the MAC"),
        (lambda hands, conf: hands.links.run((Change(HOST, master=""),)), "not on cni0"),
        (lambda hands, conf: hands.qdiscs.held.clear(), "bandwidth is not limited"),
        (lambda hands, conf: hands.links.run((Remove(shaper_link("c1", "eth0")),)), "bandwidth is not limited"),
        (lambda hands, conf: hands.guards.held.clear(), "any MAC"),
        (lambda hands, conf: hands.rules.tables["nat"].pop(CHAIN), "not masqueraded"),
        (lambda hands, conf: hands.ports.drop("c1/eth0"), "host ports do not lead"),
        (lambda hands, conf: hands.routes.spaces["/ns/1"].clear(), "the route to 0.0.0.0/0 is missing"),
        (lambda hands, conf: hands.links.spaces.pop("/ns/1"), "/ns/1"),
    ],
)
def test_check_says_what_is_not_as_it_was_made(hands, conf, damage, says):
    conf = replace(
        conf,
        host_ports=(HostPort(80, 80),),
        check_mac=True,
        ingress=Rate(8000, 8000),
        egress=Rate(8000, 8000),
        masquerade=True,
    )
    conf = replace(conf, previous=add(CALL, conf, hands))
    assert check(CALL, conf, hands) is None
    damage(hands, conf)
    with pytest.raises(CniError, match=says) as refused:
        check(CALL, conf, hands)
    assert refused.value.code in (Code.INTERNAL, Code.UNKNOWN_CONTAINER)


def test_check_compares_with_the_previous_result(hands, conf):
    add(CALL, conf, hands)
    with pytest.raises(CniError, match=r"10\.9\.9\.9/24 is not reserved"):
        check(CALL, replace(conf, previous={"ips": [{"address": "10.9.9.9/24"}]}), hands)


def test_gc_removes_what_the_runtime_no_longer_knows(hands, conf):
    add(CALL, conf, hands)
    add(replace(CALL, container="c2", netns="/ns/2"), conf, hands)
    collect(Call("GC"), replace(conf, valid=(("c2", "eth0"),)), hands)
    assert held(conf) == {"10.244.1.3": ("c2", "eth0")}
    assert HOST not in hands.links.observe()


def test_gc_ends_the_masquerading_for_who_has_neither_an_address_nor_a_link(hands, conf):
    conf = replace(conf, masquerade=True)
    add(CALL, conf, hands)
    hands.links.run((Remove(HOST),))
    Store(conf.ipam.data_folder, conf.name).release(CALL.owner)
    collect(Call("GC"), replace(conf, valid=()), hands)
    assert hands.rules.tables["nat"][CHAIN] == ()


def test_gc_without_the_list_of_attachments_removes_nothing(hands, conf):
    add(CALL, conf, hands)
    with pytest.raises(CniError, match="valid-attachments") as refused:
        collect(Call("GC"), conf, hands)
    assert refused.value.code is Code.INVALID_CONFIG
    assert held(conf) == {"10.244.1.2": ("c1", "eth0")}


def test_gc_finds_attachments_that_another_plugin_gave_addresses_and_no_others(hands, conf):
    there = replace(conf, ipam=IpamConf())
    add(CALL, there, hands)
    assert hands.links.observe()[HOST].alias == alias_of("pods", "c1", "eth0")
    collect(Call("GC"), replace(there, name="others", valid=()), hands)
    assert HOST in hands.links.observe()
    collect(Call("GC"), replace(there, valid=()), hands)
    assert HOST not in hands.links.observe()


def test_gc_tries_everything_and_tells_what_went_wrong_first(hands, conf):
    add(CALL, conf, hands)
    add(replace(CALL, container="c2", netns="/ns/2"), conf, hands)
    run = hands.links.run

    def refuse(actions, netns=""):
        if Remove(HOST) in actions:
            raise Refused("remove", 16)
        run(actions, netns)

    hands.links.run = refuse
    with pytest.raises(Refused):
        collect(Call("GC"), replace(conf, valid=()), hands)
    assert held(conf) == {"10.244.1.2": ("c1", "eth0")}


def test_gc_takes_host_ports_of_its_network_only(hands, conf):
    ported = replace(conf, host_ports=(HostPort(80, 80),))
    add(CALL, replace(ported, name="others"), hands)
    add(replace(CALL, container="c2", netns="/ns/2"), ported, hands)
    collect(Call("GC"), replace(conf, valid=()), hands)
    assert (hands.ports.has("c1/eth0"), hands.ports.has("c2/eth0")) == (True, False)


def test_status_is_well_before_the_first_pod_and_with_it(hands, conf):
    assert status(Call("STATUS"), conf, hands) is None
    add(CALL, conf, hands)
    assert status(Call("STATUS"), conf, hands) is None


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda hands: hands.links.run((Change("cni0", up=False),)), Code.LIMITED),
        (lambda hands: hands.links.run((Remove("cni0"),)), Code.LIMITED),
        (lambda hands: hands.links.run((Remove("cni0"), Add(Link("cni0", "ifb")))), Code.UNAVAILABLE),
    ],
)
def test_status_tells_what_keeps_pods_from_coming_or_from_being_reached(hands, conf, damage, code):
    add(CALL, conf, hands)
    damage(hands)
    with pytest.raises(CniError) as refused:
        status(Call("STATUS"), conf, hands)
    assert refused.value.code is code


def test_status_is_unavailable_when_no_lease_could_be_kept(hands, conf, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CniError, match="file is no folder") as refused:
        status(Call("STATUS"), replace(conf, ipam=replace(conf.ipam, data_folder=str(tmp_path / "file/x"))), hands)
    assert refused.value.code is Code.UNAVAILABLE


def test_version_answers_in_the_version_it_was_asked_in():
    assert versions("0.4.0")["cniVersion"] == "0.4.0"
    assert versions("7.0.0")["cniVersion"] == "1.1.0"
    assert {"0.4.0", "1.0.0", "1.1.0"} <= set(versions("")["supportedVersions"])


LOOPBACK = NetConf("1.0.0", "", "loopback")


def test_loopback_goes_up_and_down(hands):
    assert loopback(CALL, LOOPBACK, hands)["interfaces"][0]["name"] == "lo"
    assert hands.loopbacks.is_up("/ns/1")
    assert loopback(replace(CALL, command="CHECK"), LOOPBACK, hands) is None
    assert loopback(replace(CALL, command="DEL"), LOOPBACK, hands) is None
    with pytest.raises(CniError) as refused:
        loopback(replace(CALL, command="CHECK"), LOOPBACK, hands)
    assert refused.value.code is Code.INTERNAL


def test_loopback_of_the_hosts_own_namespace_is_left_alone(hands):
    own = replace(CALL, netns="/ns/host", netns_name="/ns/host")
    hands.loopbacks.up.add("/ns/host")
    assert loopback(replace(own, command="DEL"), LOOPBACK, hands) is None
    assert hands.loopbacks.up == {"/ns/host"}
    for command in ("ADD", "CHECK"):
        with pytest.raises(CniError, match="the host's own") as refused:
            loopback(replace(own, command=command), LOOPBACK, hands)
        assert refused.value.code is Code.INVALID_ENVIRONMENT


def test_loopback_comes_up_in_no_namespace_that_is_not_named(hands):
    with pytest.raises(CniError) as refused:
        loopback(replace(CALL, netns=""), LOOPBACK, hands)
    assert (refused.value.code, hands.loopbacks.up) == (Code.UNKNOWN_CONTAINER, set())


def test_loopback_passes_on_a_previous_result_and_a_lost_namespace(hands):
    assert loopback(CALL, replace(LOOPBACK, previous={"cniVersion": "1.0.0"}), hands) == {
        "cniVersion": "1.0.0",
        "dns": {},
    }
    assert loopback(replace(CALL, command="DEL", netns=""), LOOPBACK, hands) is None
