"""What one service port becomes: a table of elements and chains."""

import pytest

from pyk8s.kernel.nftables.values import DROP, RETURN, Dnat, Element, Goto, In, Jump, Protocol, Remember, Rule, Source
from pyk8s.proxy.nftables.names import Choice, Names
from pyk8s.proxy.nftables.rules import canonical, plan_piece
from tests.proxy.nftables.meanings import BALANCED, SETTINGS, meaning

FRONT = ("10.96.1.1", "tcp", 80)
SELF = [Element("hairpin-connections", (f"10.244.0.{number}",) * 2) for number in (1, 2)]
MINE = Element("cluster-ips", ("10.96.1.1",))
LED = Element("service-ips", FRONT, Goto("choose-cluster-2"), "shop/s1")
PLACES = [Element(f"address-endpoint-{number}", FRONT, (f"10.244.0.{number + 1}", 8080)) for number in (0, 1)]


def piece(endpoints=2, **spec):
    ((intent,),) = meaning(1, endpoints, **spec).values()
    return plan_piece(intent, SETTINGS), Names.of(intent)


def test_a_plain_service_is_elements_only():
    made, _ = piece()
    assert made.elements == (MINE, *PLACES, LED, *SELF)
    assert (made.chains, made.sets, made.choices) == ({}, {}, (Choice("cluster", 2),))


def test_without_endpoints_it_leads_to_a_refusal():
    made, _ = piece(0)
    assert made.elements == (MINE, Element("no-endpoint-services", FRONT, Goto("reject-chain"), "shop/s1"))


def test_with_endpoints_elsewhere_only_a_local_one_drops():
    made, _ = piece(1, internalTrafficPolicy="Local")
    assert Element("no-endpoint-services", FRONT, DROP, "shop/s1") in made.elements
    assert not any(each.of == "service-ips" for each in made.elements)


def test_outer_addresses_and_node_ports_lead_to_marking_chains():
    made, _ = piece(1, node_port=30001, externalIPs=["198.51.100.7"])
    outer, port = ("198.51.100.7", "tcp", 80), ("tcp", 30001)
    for element in (
        Element("service-ips", outer, Goto("choose-external-1"), "shop/s1"),
        Element("address-endpoint-0", outer, ("10.244.0.1", 8080)),
        Element("service-nodeports", port, Goto("choose-nodeport-1"), "shop/s1"),
        Element("nodeport-endpoint-0", port, ("10.244.0.1", 8080)),
    ):
        assert element in made.elements
    assert set(made.choices) == {Choice(entry, 1) for entry in ("cluster", "external", "nodeport")}


def test_who_keeps_the_source_asks_pods_and_the_node_first():
    made, names = piece(2, node_port=30001, externalTrafficPolicy="Local")
    everyone, local = Goto(names.service), Goto(names.local)
    targets = [(rule.comment, rule.target) for rule in made.chains[names.external]]
    assert targets == [
        ("pods", everyone),
        ("this node", Jump("mark-for-masquerade")),
        ("this node", everyone),
        ("", local),
    ]
    both, one = (("10.244.0.1", 8080), ("10.244.0.2", 8080)), (("10.244.0.2", 8080),)
    assert made.chains[names.service] == (Rule(names.service, (Protocol("tcp"),), Dnat(both)),)
    assert made.chains[names.local] == (Rule(names.local, (Protocol("tcp"),), Dnat(one)),)


def test_affinity_asks_where_the_client_was_before_it_chooses():
    made, names = piece(2, sessionAffinity="ClientIP")
    kept = list(made.sets)
    assert [each.seconds for each in made.sets.values()] == [10800, 10800]
    *before, choice = made.chains[names.service]
    ends = [name for name in made.chains if name.startswith("endpoint-")]
    assert before == [
        Rule(names.service, (In(("saddr",), one),), Goto(end)) for one, end in zip(kept, ends, strict=True)
    ]
    assert choice.target.chains == tuple(ends)
    remember, send = made.chains[ends[0]]
    assert (remember.matches, send.target) == ((Remember(kept[0]),), Dnat((("10.244.0.1", 8080),)))


@pytest.mark.parametrize(
    ("ranges", "admitted"),
    [
        pytest.param(["192.0.2.0/24"], ["192.0.2.0/24"], id="one range"),
        pytest.param(["192.0.2.9/24", "192.0.2.7/32"], ["192.0.2.0/24", "192.0.2.7"], id="as the kernel tells them"),
        pytest.param(
            ["172.30.0.0/24"], ["172.30.0.0/24", "198.51.100.8"], id="the node's: from the balancer's address"
        ),
    ],
)
def test_a_fence_lets_ranges_return_and_drops_the_rest(ranges, admitted):
    made, names = piece(1, type="LoadBalancer", status=BALANCED, loadBalancerSourceRanges=ranges)
    passing = [Rule(names.firewall, (Source(each),), RETURN) for each in admitted]
    assert made.chains[names.firewall] == (*passing, Rule(names.firewall, (), DROP))
    assert Element("firewall-ips", ("198.51.100.8", "tcp", 80), Goto(names.firewall), "shop/s1") in made.elements


def test_without_endpoints_there_is_no_fence_as_everybody_is_refused():
    made, _ = piece(0, type="LoadBalancer", status=BALANCED, loadBalancerSourceRanges=["192.0.2.0/24"])
    assert (made.chains, [each.of for each in made.elements]) == (
        {},
        ["cluster-ips", "no-endpoint-services", "no-endpoint-services"],
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("10.1.2.3/32", "10.1.2.3"),
        ("fd00::1/128", "fd00::1"),
    ],
)
def test_ranges_are_written_as_the_kernel_tells_them(text, told):
    assert canonical(text) == told


def test_names_say_what_they_are_of_and_fit_the_kernel():
    ((intent,),) = meaning(1).values()
    names = Names.of(intent)
    assert names.service.startswith("service-")
    assert names.service.endswith("-shop/s1/tcp/")
    long = Names("n" * 63 + "/" + "s" * 63 + "/sctp/" + "p" * 63)
    endpoint = intent.everyone.endpoints[0]
    made = {long.service, long.local, long.external, long.firewall, long.endpoint(endpoint), long.affinity(endpoint, 9)}
    assert len(made) == 6
    assert all(len(each) <= 240 for each in made)
