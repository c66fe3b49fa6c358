"""What an attachment is made with: limits, VLANs, checks of MACs, a bridge of others, no IPAM."""

from dataclasses import replace

import pytest

from pyk8s.kernel.link.values import Add, Link, Peer
from pyk8s.kernel.qdisc.values import Bucket, Redirect
from pyk8s.kernel.vlan.values import Membership
from pyk8s.network.attach import add
from pyk8s.network.calls import Call
from pyk8s.network.check import check
from pyk8s.network.conf import Rate
from pyk8s.network.detach import delete
from pyk8s.network.errors import CniError, Code
from pyk8s.network.ipam.conf import IpamConf
from pyk8s.network.ipam.store import Store
from pyk8s.network.plan import host_link, shaper_link

CALL = Call("ADD", "c1", "/ns/1", "/ns/1", "eth0")
HOST = host_link("c1", "eth0")


def held(conf):
    return {str(address): owner for address, owner in Store(conf.ipam.data_folder, conf.name).held().items()}


def test_limits_are_set_on_the_hosts_end_and_on_a_link_made_for_them(hands, conf):
    limited = replace(conf, ingress=Rate(8_000_000, 80_000), egress=Rate(16_000_000, 160_000))
    result = add(CALL, limited, hands)
    shaper = shaper_link("c1", "eth0")
    assert hands.qdiscs.observe(HOST) == (Bucket(HOST, 1_000_000, 10_000), Redirect(HOST, shaper))
    assert hands.qdiscs.observe(shaper) == (Bucket(shaper, 2_000_000, 20_000),)
    assert [each["name"] for each in result["interfaces"]] == ["cni0", HOST, "eth0", shaper]
    delete(CALL, limited, hands)
    assert shaper not in hands.links.observe()


def test_a_mac_that_is_checked_is_the_pods(hands, conf):
    checked = replace(conf, check_mac=True, mac="0a:00:00:00:00:05")
    add(CALL, checked, hands)
    assert hands.guards.observe() == {HOST: "0a:00:00:00:00:05"}
    delete(CALL, checked, hands)
    assert hands.guards.observe() == {}


@pytest.mark.parametrize(
    ("change", "lack", "field"),
    [
        ({"vlan": 10}, lambda hands: setattr(hands.vlans, "able", False), "vlan 10"),
        ({"vlan_trunk": (10, 20)}, lambda hands: setattr(hands.vlans, "able", False), r"vlanTrunk \[10, 20\]"),
        ({"check_mac": True}, lambda hands: setattr(hands.guards, "able", False), "macspoofchk true"),
    ],
)
def test_what_this_machine_cannot_do_is_error_2_that_names_the_field(hands, conf, change, lack, field):
    lack(hands)
    with pytest.raises(CniError, match=field) as refused:
        add(CALL, replace(conf, **change), hands)
    assert refused.value.code is Code.UNSUPPORTED_FIELD
    assert HOST not in hands.links.observe()
    assert held(conf) == {}


def test_an_access_port_has_its_vlan_and_the_gateway_a_link_in_it(hands, conf):
    result = add(CALL, replace(conf, vlan=10), hands)
    assert hands.vlans.separated == {"cni0"}
    assert Membership(HOST, 10, primary=True, untagged=True) in hands.vlans.observe(HOST)
    host = hands.links.observe()
    assert (host["cni0"].addresses, host["cni0.10"].addresses) == ((), ("10.244.1.1/29",))
    assert [each["name"] for each in result["interfaces"]][-1] == "cni0.10"
    add(replace(CALL, container="c2", netns="/ns/2"), replace(conf, vlan=10), hands)


@pytest.mark.parametrize(("keep", "numbers"), [(True, [1, 20, 30]), (False, [20, 30])])
def test_a_trunk_has_all_its_vlans_tagged(hands, conf, keep, numbers):
    add(CALL, replace(conf, vlan_trunk=(20, 30), keep_default_vlan=keep), hands)
    assert [each.number for each in hands.vlans.observe(HOST)] == numbers
    assert not any(each.untagged for each in hands.vlans.observe(HOST) if each.number != 1)


def test_a_bridges_name_that_is_taken_is_error_7_and_what_took_it_stays(hands, conf):
    hands.links.run((Add(Link("cni0", "ifb")),))
    with pytest.raises(CniError, match="cni0 is no bridge") as refused:
        add(CALL, conf, hands)
    assert refused.value.code is Code.INVALID_CONFIG
    assert hands.links.observe()["cni0"].kind == "ifb"
    assert held(conf) == {}


def test_del_removes_what_another_plugin_made(hands, conf):
    hands.links.run((Add(Link("vethffff", "veth", peer=Peer("eth0", "/ns/1"))),))
    delete(CALL, conf, hands)
    assert "vethffff" not in hands.links.observe()
    assert "eth0" not in hands.links.observe("/ns/1")


def test_del_never_removes_a_link_of_the_hosts_own(hands, conf):
    hands.links.spaces["/ns/host"] = {"eth0": Link("eth0", "veth")}
    delete(replace(CALL, netns="/ns/host"), conf, hands)
    assert "eth0" in hands.links.observe("/ns/host")


def test_without_ipam_the_link_is_up_and_has_no_address(hands, conf):
    result = add(CALL, replace(conf, ipam=IpamConf()), hands)
    assert "ips" not in result
    assert (hands.links.observe("/ns/1")["eth0"].up, hands.links.observe("/ns/1")["eth0"].addresses) == (True, ())


BEFORE = {
    "interfaces": [{"name": "tun0", "mac": "0a:00:00:00:00:01"}, {"name": "net0", "sandbox": "/ns/1"}],
    "ips": [{"address": "10.9.0.2/24", "interface": 1, "gateway": "10.9.0.1"}, {"address": "10.9.1.2/24"}],
    "routes": [{"dst": "10.9.0.0/16"}],
    "dns": {"nameservers": ["10.9.0.53"]},
}


def test_what_plugins_before_have_made_is_told_on_with_what_comes_to_it(hands, conf):
    alone = add(replace(CALL, container="c2", netns="/ns/2", netns_name="/ns/2"), conf, hands)
    result = add(CALL, replace(conf, previous=BEFORE), hands)
    names = [each["name"] for each in result["interfaces"]]
    assert names == ["tun0", "net0", "cni0", HOST, "eth0"]
    assert result["ips"][:2] == BEFORE["ips"]
    assert [(each["address"], names[each["interface"]]) for each in result["ips"][2:]] == [("10.244.1.3/29", "eth0")]
    assert result["routes"] == [*BEFORE["routes"], *alone["routes"]]
    assert result["dns"] == BEFORE["dns"]
    assert hands.links.observe("/ns/1")["eth0"].addresses == ("10.244.1.3/29",)


def test_check_asks_for_its_own_part_of_a_chains_result(hands, conf):
    result = add(CALL, replace(conf, previous=BEFORE | {"ips": BEFORE["ips"][:1], "routes": []}), hands)
    chained = replace(conf, previous=result)
    assert check(CALL, chained, hands) is None
    Store(conf.ipam.data_folder, conf.name).release(CALL.owner)
    with pytest.raises(CniError, match="no address is reserved"):
        check(CALL, chained, hands)


def test_a_previous_result_that_is_none_is_error_7_before_anything_is_done(hands, conf):
    with pytest.raises(CniError, match="prevResult is no result") as refused:
        add(CALL, replace(conf, previous={"ips": 3}), hands)
    assert refused.value.code is Code.INVALID_CONFIG
    assert held(conf) == {}
    assert "cni0" not in hands.links.observe()
