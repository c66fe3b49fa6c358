from dataclasses import replace
from fractions import Fraction

import pytest

from pyk8s.kernel.iptables.values import Chance, Dnat, Jump, Reject, Remember, SeenWithin
from pyk8s.proxy.iptables.rules import Names, Piece, chain_name, plan_piece
from pyk8s.proxy.iptables.trace import trace
from pyk8s.proxy.packet import Ground, Packet, fates
from pyk8s.proxy.plan import Endpoint, Intent, Pool, Settings
from tests.proxy.flows import goes

SETTINGS = Settings(cluster_ranges=("10.244.0.0/16",))
RANGED = Settings(cluster_ranges=("10.244.0.0/16",), service_ranges=("10.96.0.0/16",))
POOL = Pool((Endpoint("10.244.0.5", 8080, True), Endpoint("10.244.1.6", 8080)))
WEB = Intent("shop/web", "", "tcp", "10.96.0.20", 80, inside=POOL, outside=POOL, everyone=POOL)


def test_chains_bear_the_names_that_kube_proxy_gives_them():
    assert chain_name("KUBE-SVC-", "default/kubernetes:https", "tcp") == "KUBE-SVC-NPX46M4PTMTKRN6Y"


def test_every_chain_name_fits():
    piece = plan_piece(replace(WEB, node_port=30080, keeps_source=True, outside=Pool(POOL.endpoints[:1])), SETTINGS)
    assert piece.chains
    assert all(len(name) <= 28 for name in piece.chains)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 50])
def test_every_endpoint_is_chosen_equally_often(count):
    pool = Pool(tuple(Endpoint(f"10.244.0.{number + 1}", 80) for number in range(count)))
    intent = replace(WEB, inside=pool, outside=pool, everyone=pool)
    rules = plan_piece(intent, SETTINGS).chains[Names.of(intent).cluster][1:]
    left, shares = Fraction(1), []
    for rule in rules:
        chances = [Fraction(match.probability) for match in rule.matches if isinstance(match, Chance)]
        chance = chances[0] if chances else Fraction(1)
        shares.append(left * chance)
        left *= 1 - chance
    assert left == 0
    assert all(abs(share - Fraction(1, count)) < Fraction(1, 10**8) for share in shares)


def test_affinity_looks_for_the_endpoint_of_before_and_remembers_the_chosen_one():
    intent = replace(WEB, affinity=600)
    names, chains = Names.of(intent), plan_piece(intent, SETTINGS).chains
    remembered = names.endpoint(POOL.endpoints[0])
    seen = [rule for rule in chains[names.cluster] if any(isinstance(match, SeenWithin) for match in rule.matches)]
    assert [rule.matches[0] for rule in seen] == [SeenWithin(names.endpoint(each), 600) for each in POOL.endpoints]
    assert chains[remembered][-1].matches[-1] == Remember(remembered)
    chances = [rule for rule in chains[names.cluster] if any(isinstance(match, Chance) for match in rule.matches)]
    assert chains[names.cluster].index(seen[-1]) < chains[names.cluster].index(chances[0])


def test_a_client_that_was_sent_somewhere_goes_there_again():
    from tests.proxy.iptables.test_ruleset import kernel_with

    intent = replace(WEB, affinity=600)
    tables = kernel_with({"shop/web": (intent,)}).tables
    packet = Packet("10.244.0.7", "10.96.0.20", 80)
    assert fates(trace(tables, packet, Ground(seen=frozenset({"10.244.1.6:8080"})))) == goes("10.244.1.6")
    assert fates(trace(tables, packet, Ground())) == goes("10.244.0.5", "10.244.1.6")


def test_a_service_without_endpoints_has_no_rules_to_send_and_is_refused():
    nobody = Pool()
    piece = plan_piece(replace(WEB, node_port=30080, inside=nobody, outside=nobody, everyone=nobody), SETTINGS)
    assert not {rule.target for rules in piece.chains.values() for rule in rules if isinstance(rule.target, Dnat)}
    assert piece.node_ports == ()
    assert (len(piece.refused), len(piece.refused_outside)) == (1, 1)


@pytest.mark.parametrize(("protocol", "kind"), [("tcp", "tcp-reset"), ("udp", "icmp-port-unreachable")])
def test_tcp_is_refused_by_tcp(protocol, kind):
    nobody = Pool()
    intent = replace(WEB, protocol=protocol, node_port=30080, inside=nobody, outside=nobody, everyone=nobody)
    piece = plan_piece(intent, SETTINGS)
    assert {rule.target for rule in (*piece.refused, *piece.refused_outside)} == {Reject(kind)}


def test_without_a_range_of_pods_nobody_is_known_to_be_outside():
    chains = plan_piece(WEB, Settings()).chains
    assert not any(rule.target == Jump("KUBE-MARK-MASQ") for rule in chains[Names.of(WEB).cluster])


def test_addresses_of_version_6_are_written_in_brackets():
    pool = Pool((Endpoint("fd00::5", 8080, local=True),))
    intent = replace(WEB, cluster_ip="fd00:96::20", inside=pool, outside=pool, everyone=pool)
    chains = plan_piece(intent, Settings(family=6)).chains
    assert chains[Names.of(intent).endpoint(pool.endpoints[0])][-1].target == Dnat("[fd00::5]:8080")


def test_ports_of_one_name_and_two_protocols_have_chains_of_their_own():
    tcp, udp = (plan_piece(replace(WEB, protocol=protocol), SETTINGS) for protocol in ("tcp", "udp"))
    assert not tcp.chains.keys() & udp.chains.keys()


def test_nothing_is_a_piece():
    assert Piece() == Piece(chains={})


def test_only_endpoints_that_could_reach_themselves_here_have_chains_of_their_own():
    names, nameless = Names.of(WEB), Endpoint("10.244.2.7", 8080, placed=False)
    pool = Pool((*POOL.endpoints, nameless))
    intent = replace(WEB, inside=pool, outside=pool, everyone=pool)
    own = {name for name in plan_piece(intent, SETTINGS).chains if name.startswith("KUBE-SEP-")}
    assert own == {names.endpoint(pool.endpoints[0]), names.endpoint(nameless)}


def test_an_endpoint_that_comes_or_goes_changes_the_chains_of_its_service_only():
    none = Pool()
    before = plan_piece(replace(WEB, inside=none, outside=none, everyone=none), RANGED)
    after = plan_piece(WEB, RANGED)
    assert replace(before, chains={}) == replace(after, chains={})
    assert before.chains != after.chains


def test_a_cluster_ip_outside_the_known_ranges_is_masqueraded_and_refused_by_rules_of_its_own():
    none, far = Pool(), replace(WEB, cluster_ip="172.16.0.20")
    assert plan_piece(far, RANGED).chains[Names.of(far).cluster][0].target == Jump("KUBE-MARK-MASQ")
    assert plan_piece(replace(far, inside=none, outside=none, everyone=none), RANGED).refused
