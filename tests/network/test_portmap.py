from dataclasses import replace

import pytest

from pyk8s.kernel.errors import Refused
from pyk8s.kernel.iptables.fake import FakeIptables
from pyk8s.kernel.iptables.values import (
    ACCEPT,
    DROP,
    Append,
    Connection,
    Destination,
    DestinationPort,
    Dnat,
    In,
    Jump,
    Protocol,
    Rule,
    Source,
    jumps,
)
from pyk8s.network.conf import HostPort
from pyk8s.network.errors import ReservationLost
from pyk8s.network.masquerade import HOST_PORTS, HOST_PORTS_GUARD, HOST_PORTS_HAIRPIN
from pyk8s.network.portmap import HostPorts, Mapping

WEB = Mapping("c1/eth0", ("10.244.1.2/24",), (HostPort(8080, 80),), "pods")
DNS = Mapping("c2/eth0", ("10.244.1.3/24",), (HostPort(53, 5353, "udp", "192.0.2.1", 4), HostPort(53, 5353)))


@pytest.fixture
def rules():
    return FakeIptables()


@pytest.fixture
def rules6():
    return FakeIptables()


@pytest.fixture
def ports(tmp_path, rules, rules6):
    return HostPorts(tmp_path, rules, rules6)


def chains(rules):
    return {name for name in rules.tables["nat"] if name.startswith("PYK8S-HP-")}


def test_a_mapping_leads_to_its_pod_by_protocol_port_and_address(ports, rules):
    ports.put(DNS)
    only_there, anywhere = rules.tables["nat"][DNS.chain]
    assert only_there.target == anywhere.target == Dnat("10.244.1.3:5353")
    assert set(only_there.matches) == {Protocol("udp"), Destination("192.0.2.1/32"), DestinationPort("udp", 53)}
    assert set(anywhere.matches) == {Protocol("tcp"), DestinationPort("tcp", 53)}


def test_every_built_in_chain_looks_for_host_ports_once(ports, rules):
    ports.put(WEB)
    ports.put(DNS)
    for chain in ("PREROUTING", "OUTPUT", "POSTROUTING"):
        assert len(rules.tables["nat"][chain]) == 1


def test_nobody_but_the_node_sends_to_127_0_0_1_before_the_first_port_leads_anywhere(ports, rules):
    """CVE-2020-8558: the guard is there first, and before what others accept."""
    rules.run((Append("filter", "INPUT", Rule((), ACCEPT)),))
    ports.put(WEB)
    ports.put(DNS)
    (guard,) = rules.tables["filter"][HOST_PORTS_GUARD]
    assert guard.target == DROP
    assert set(guard.matches) == {
        In("lo", negated=True),
        Destination("127.0.0.0/8"),
        Connection(("RELATED", "ESTABLISHED", "DNAT"), negated=True),
    }
    assert [rule.target for rule in rules.tables["filter"]["INPUT"]] == [Jump(HOST_PORTS_GUARD), ACCEPT]
    written = [action.chain for transaction in rules.transactions for action in transaction]
    assert written.index(HOST_PORTS_GUARD) < written.index(HOST_PORTS)


@pytest.mark.parametrize(
    ("mapping", "answers"),
    [
        (WEB, True),
        (replace(WEB, snat=False), False),
        (replace(WEB, network="others"), False),
        (replace(WEB, ports=(HostPort(80, 80, "tcp", "", 6),)), False),
    ],
)
def test_127_0_0_1_is_answered_where_a_port_of_the_network_needs_it(ports, mapping, answers):
    assert not ports.answers_loopback("pods")
    ports.put(mapping)
    assert ports.answers_loopback("pods") == answers


def test_dropping_one_keeps_the_others(ports, rules):
    ports.put(WEB)
    ports.put(DNS)
    assert ports.drop(WEB.owner)
    assert chains(rules) == {DNS.chain}
    assert jumps(rules.tables["nat"][HOST_PORTS]) == {DNS.chain}


def test_dropping_what_has_none_touches_no_rules(ports, rules):
    assert not ports.drop("nobody/eth0")
    assert rules.transactions == []


def test_an_empty_folder_restores_nothing(ports, rules):
    ports.restore()
    assert rules.transactions == []


def test_rules_lost_with_the_kernel_are_written_again_from_the_records(ports, tmp_path):
    ports.put(WEB)
    fresh = FakeIptables()
    HostPorts(tmp_path, fresh).restore()
    assert chains(fresh) == {WEB.chain}
    assert len(fresh.tables["nat"]["PREROUTING"]) == 1


def test_a_mapping_whose_rules_were_refused_can_be_dropped(ports, rules, tmp_path):
    def refuse(transaction):
        raise Refused("restore", 1)

    run, rules.run = rules.run, refuse
    with pytest.raises(Refused):
        ports.put(WEB)
    rules.run = run
    assert ports.drop(WEB.owner)
    assert chains(rules) == set()


def test_ports_of_pods_that_went_without_a_word_are_taken_away_when_they_are_old(ports, rules, tmp_path):
    ports.put(WEB)
    ports.put(DNS)
    made = (tmp_path / WEB.chain).stat().st_mtime
    assert ports.keep([DNS.owner], older_than=made - 1) == []
    assert ports.keep([DNS.owner], older_than=made + 60) == [WEB.owner]
    assert chains(rules) == {DNS.chain}
    assert ports.keep([DNS.owner], older_than=made + 60) == []


def test_a_record_that_is_none_is_named(ports, tmp_path):
    (tmp_path / "PYK8S-HP-BROKEN").write_text("{}")
    with pytest.raises(ReservationLost, match=r"PYK8S-HP-BROKEN.*remove it"):
        ports.put(WEB)


def test_putting_again_replaces(ports, rules):
    ports.put(WEB)
    ports.put(Mapping(WEB.owner, ("10.244.1.9/24",), WEB.ports))
    assert [rule.target for rule in rules.tables["nat"][WEB.chain]] == [Dnat("10.244.1.9:80")]


BOTH = Mapping(
    "c3/eth0",
    ("10.244.1.4/24", "fd00::4/64"),
    (HostPort(80, 8080), HostPort(81, 8081, "tcp", "", 4), HostPort(82, 8082, "sctp", "fd09::1", 6)),
)


def test_each_family_has_its_own_ports(ports, rules, rules6):
    ports.put(BOTH)
    assert [rule.target for rule in rules.tables["nat"][BOTH.chain]] == [
        Dnat("10.244.1.4:8080"),
        Dnat("10.244.1.4:8081"),
    ]
    assert [rule.target for rule in rules6.tables["nat"][BOTH.chain]] == [
        Dnat("[fd00::4]:8080"),
        Dnat("[fd00::4]:8082"),
    ]
    assert Destination("fd09::1/128") in rules6.tables["nat"][BOTH.chain][1].matches
    assert ports.has(BOTH.owner)
    ports.drop(BOTH.owner)
    assert chains(rules) == chains(rules6) == set()


def test_a_family_that_a_pod_has_no_address_of_is_not_touched(ports, rules6):
    ports.put(WEB)
    ports.drop(WEB.owner)
    assert rules6.transactions == []


def sources(rules):
    return {
        match.range
        for rule in rules.tables["nat"][HOST_PORTS_HAIRPIN]
        for match in rule.matches
        if isinstance(match, Source)
    }


def test_neighbours_of_a_pod_and_the_node_itself_are_answered_through_the_node(ports, rules, rules6):
    ports.put(BOTH)
    assert sources(rules) == {"10.244.1.0/24", "127.0.0.0/8"}
    assert sources(rules6) == {"fd00::/64"}


def test_without_snat_nobody_is_masqueraded(ports, rules):
    ports.put(replace(WEB, snat=False))
    assert rules.tables["nat"][HOST_PORTS_HAIRPIN] == ()


def test_another_pod_costs_its_own_chain_and_the_common_ones_only(ports, rules):
    ports.put(WEB)
    ports.put(DNS)
    written = {action.chain for action in rules.transactions[-1]}
    assert written == {DNS.chain, HOST_PORTS, HOST_PORTS_HAIRPIN}


def test_rules_that_somebody_flushed_are_written_again_with_the_next_pod(ports, rules):
    ports.put(WEB)
    rules.tables["nat"].pop(WEB.chain)
    rules.tables["nat"].pop(HOST_PORTS)
    assert not ports.has(WEB.owner)
    ports.put(DNS)
    ports.restore()
    assert ports.has(WEB.owner)
    assert ports.has(DNS.owner)


def test_ports_whose_rules_are_gone_can_be_dropped(ports, rules):
    ports.put(WEB)
    rules.tables["nat"].pop(WEB.chain)
    assert ports.drop(WEB.owner)
    assert chains(rules) == set()


def test_nobody_has_ports_that_were_never_put(ports):
    assert not ports.has("nobody/eth0")


def test_keeping_one_network_leaves_the_others_alone(ports, rules):
    ports.put(WEB)
    ports.put(DNS)
    assert ports.keep([], older_than=float("inf"), network="pods") == [WEB.owner]
    assert chains(rules) == {DNS.chain}
