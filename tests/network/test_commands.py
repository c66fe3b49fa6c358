from dataclasses import replace

import pytest

from pyk8s.kernel.errors import Refused
from pyk8s.kernel.link.values import Add, Change, Link, Peer, Remove
from pyk8s.network.calls import Call, HostPort, NetConf
from pyk8s.network.commands import add, check, collect, delete, loopback, status, versions
from pyk8s.network.errors import CniError, Code
from pyk8s.network.ipam.store import Store
from pyk8s.network.ipam.values import Pool
from pyk8s.network.plan import host_link
from tests.network.fakes import FakeHands

CALL = Call("ADD", "c1", "/ns/1", "/ns/1", "eth0")
HOST = host_link("c1", "eth0")


@pytest.fixture
def hands(tmp_path):
    return FakeHands(tmp_path, "/ns/1", "/ns/2")


@pytest.fixture
def conf(tmp_path):
    return NetConf(
        "1.0.0",
        "pods",
        "pyk8s-cni",
        hairpin=True,
        pools=((Pool.of("10.244.1.0/29"),),),
        routes=(("0.0.0.0/0", ""),),
        data_folder=str(tmp_path / "networks"),
    )


def held(conf):
    return {str(address): owner for address, owner in Store(conf.data_folder, conf.name).held().items()}


def test_add_makes_bridge_pair_address_and_route(hands, conf):
    result = add(CALL, conf, hands)
    host, pod = hands.links.observe(), hands.links.observe("/ns/1")
    assert (host["cni0"].addresses, host[HOST].master, host[HOST].hairpin) == (("10.244.1.1/29",), "cni0", True)
    assert (pod["eth0"].addresses, pod["eth0"].up) == (("10.244.1.2/29",), True)
    assert [(route.destination, route.gateway) for route in hands.routes.observe("/ns/1")] == [
        ("0.0.0.0/0", "10.244.1.1")
    ]
    assert hands.sysctls == {"net/ipv4/ip_forward": "1", "net/ipv4/conf/cni0/route_localnet": "1"}
    assert result["ips"][0]["address"] == "10.244.1.2/29"
    assert held(conf) == {"10.244.1.2": ("c1", "eth0")}


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


def test_a_pair_left_by_a_killed_add_is_replaced(hands, conf):
    hands.links.run((Add(Link(HOST, "veth", peer=Peer("eth0", "/ns/1"))),))
    add(CALL, conf, hands)
    assert hands.links.observe("/ns/1")["eth0"].addresses == ("10.244.1.2/29",)


def test_a_namespace_that_cannot_be_opened_is_error_4(hands, conf):
    with pytest.raises(CniError) as refused:
        add(replace(CALL, netns=""), conf, hands)
    assert refused.value.code is Code.INVALID_ENVIRONMENT
    assert held(conf) == {}


@pytest.mark.parametrize("broken", ["links", "routes", "ports"])
def test_whatever_fails_leaves_nothing_behind(hands, conf, broken):
    conf = replace(conf, host_ports=(HostPort(8080, 80),))
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
    with pytest.raises(Refused):
        add(CALL, conf, hands)
    assert hands.links.observe().keys() == before
    assert held(conf) == {}


def test_a_full_range_is_error_100_and_names_it(hands, conf):
    for number in range(5):
        Store(conf.data_folder, conf.name).reserve((f"x{number}", "eth0"), conf.pools)
    with pytest.raises(CniError, match=r"10\.244\.1\.1-10\.244\.1\.6") as refused:
        add(CALL, conf, hands)
    assert refused.value.code is Code.RANGE_FULL
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
    add(CALL, replace(conf, host_ports=(HostPort(8080, 80), HostPort(0, 81))), hands)
    text = str(hands.rules.tables["nat"])
    assert "10.244.1.2:80" in text
    assert "10.244.1.2:81" not in text


def test_a_network_without_an_agent_masquerades_for_itself(hands, conf):
    add(CALL, replace(conf, masquerade=True), hands)
    assert hands.masqueraded == ["pods"]


def test_check_is_content_with_what_add_made(hands, conf):
    result = add(CALL, conf, hands)
    assert check(CALL, replace(conf, previous=result), hands) is None


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda hands, conf: hands.links.run((Remove(HOST),)), "eth0 is missing"),
        (lambda hands, conf: hands.links.run((Change("eth0", up=False),), "/ns/1"), "eth0 is down"),
        (lambda hands, conf: Store(conf.data_folder, conf.name).release(("c1", "eth0")), "no address is reserved"),
        (lambda hands, conf: hands.links.run((Remove("cni0"),)), "not on cni0"),
        (lambda hands, conf: hands.routes.spaces["/ns/1"].clear(), "the route to 0.0.0.0/0 is missing"),
        (lambda hands, conf: hands.links.spaces.pop("/ns/1"), "/ns/1"),
    ],
)
def test_check_says_what_is_not_as_it_was_made(hands, conf, damage, says):
    add(CALL, conf, hands)
    damage(hands, conf)
    with pytest.raises(CniError, match=says) as refused:
        check(CALL, conf, hands)
    assert refused.value.code is Code.CHECK_FAILED


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


def test_status_is_well_with_a_range_and_error_50_without(hands, conf):
    assert status(Call("STATUS"), conf, hands) is None
    with pytest.raises(CniError) as refused:
        status(Call("STATUS"), replace(conf, pools=()), hands)
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
    assert refused.value.code is Code.CHECK_FAILED


def test_loopback_passes_on_a_previous_result_and_a_lost_namespace(hands):
    assert loopback(CALL, replace(LOOPBACK, previous={"cniVersion": "1.0.0"}), hands) == {"cniVersion": "1.0.0"}
    assert loopback(replace(CALL, command="DEL", netns=""), LOOPBACK, hands) is None
