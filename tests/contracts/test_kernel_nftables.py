"""What every keeper of a table of nftables promises: the kernel, in namespaces of the test, and the fake."""

from contextlib import contextmanager, nullcontext

import pytest

from pyk8s.kernel.errors import Absent, Refused
from pyk8s.kernel.nftables.fake import FakeNftables
from pyk8s.kernel.nftables.run import Nftables
from pyk8s.kernel.nftables.values import (
    ACCEPT,
    DROP,
    RETURN,
    Add,
    Chain,
    ClearMark,
    Delete,
    Destination,
    DestinationLocal,
    Dnat,
    DnatBy,
    Element,
    Flush,
    Goto,
    Hook,
    In,
    Invalid,
    Jump,
    Look,
    Map,
    Masquerade,
    New,
    Protocol,
    Reject,
    Remember,
    Rule,
    Set,
    SetMark,
    Shape,
    Source,
    SourceLocal,
    Spread,
    Table,
    Translated,
    Unmarked,
)
from tests.kernel.spaces import spaces

FRONT = ("daddr", "l4proto", "dport")
SEVERAL = (
    Set("addresses", ("daddr",)),
    Set("loops", ("saddr", "daddr")),
    Set("seen", ("saddr",), seconds=10800),
    Map("fronts", FRONT, counted=True),
    Map("ports", ("l4proto", "dport")),
    Map("places", FRONT, "place"),
)


@contextmanager
def kernel(family):
    with spaces(1) as (netns,):
        made = Nftables("kube-proxy", family, netns)
        try:
            yield made
        finally:
            made.close()


@pytest.fixture(
    params=[
        pytest.param(lambda: kernel("ip"), marks=pytest.mark.kernel, id="ip"),
        pytest.param(lambda: kernel("ip6"), marks=pytest.mark.kernel, id="ip6"),
        pytest.param(lambda: nullcontext(FakeNftables()), id="fake"),
    ]
)
def table(request):
    with request.param() as made:
        made.run((Add(Table()),))
        yield made


@pytest.fixture
def address(table):
    """The address of a number, in the family of the table."""
    return (lambda number: f"10.0.0.{number}") if table.family == "ip" else (lambda number: f"fd00::{number:x}")


def observed(table):
    return table.observe(SEVERAL) if isinstance(table, Nftables) else table.observe()


def made(*things):
    return tuple(Add(each) for each in things)


def test_rules_of_every_kind_come_back_as_they_were_put(table, address):
    wide = "10.244.0.0/16" if table.family == "ip" else "fd44::/32"
    rules = (
        Rule("a", (Protocol("tcp"), Source(wide), Destination(address(1))), ACCEPT, "three matches"),
        Rule("a", (Source(wide, negated=True), Destination(wide, negated=True)), RETURN),
        Rule("a", (DestinationLocal(), SourceLocal(negated=True)), Jump("b"), "it's a comment"),
        Rule("a", (SourceLocal(), DestinationLocal(negated=True)), Goto("b")),
        Rule("a", (In(("daddr",), "addresses"), In(("saddr", "daddr"), "loops"), In(("saddr",), "seen")), DROP),
        Rule("a", (Remember("seen"),)),
        Rule("a", (New(), Translated(), Unmarked(0x4000)), RETURN),
        Rule("a", (Invalid(),), DROP),
        Rule("a", (), SetMark(0x4000)),
        Rule("a", (), ClearMark(0x4000)),
        Rule("a", (), Look(FRONT, "fronts")),
        Rule("a", (DestinationLocal(),), Look(("l4proto", "dport"), "ports")),
        Rule("a", (), Spread(("b", "c"))),
        Rule("n", (Protocol("tcp"),), Dnat(((address(1), 8080),))),
        Rule("n", (Protocol("udp"),), Dnat(((address(1), 8080), (address(2), 8081)))),
        Rule("n", (), DnatBy(FRONT, "places")),
        Rule("p", (), Masquerade()),
        Rule("f", (Protocol("tcp"),), Reject(reset=True)),
        Rule("f", (), Reject()),
    )
    table.run(made(*SEVERAL, *(Chain(each) for each in "abcnpf"), *rules))
    held = observed(table)
    assert [rule for name in "anpf" for rule in held.rules[name]] == list(rules)
    assert held.sets == {each.name: each for each in SEVERAL}


def test_elements_come_back_with_what_they_lead_to(table, address):
    elements = (
        Element("addresses", (address(1),)),
        Element("addresses", (address(2),), comment="shop/web"),
        Element("loops", (address(1), address(1))),
        Element("fronts", (address(1), "tcp", 80), Goto("a"), "shop/web:http"),
        Element("fronts", (address(1), "udp", 80), DROP),
        Element("fronts", (address(1), "sctp", 80), Jump("a")),
        Element("places", (address(1), "tcp", 80), (address(7), 8080)),
    )
    table.run(made(*SEVERAL, Chain("a"), *elements))
    held = observed(table)
    assert {each for name in held.elements for each in held.elements[name].values()} == set(elements)


def test_base_chains_have_their_hook(table):
    hook = Hook("filter", "forward", -110)
    table.run(made(Chain("base", hook), Chain("plain")))
    assert observed(table).chains == {"base": Chain("base", hook), "plain": Chain("plain")}


def test_a_survey_counts_rules_and_elements(table, address):
    table.run(made(*SEVERAL, Chain("a"), Chain("base", Hook("nat", "output", -100)), Rule("a", (), DROP)))
    table.run(made(Rule("a", (), ACCEPT), Element("addresses", (address(1),)), Element("addresses", (address(2),))))
    survey = table.survey()
    assert survey.chains == {"a": (None, 2), "base": (Hook("nat", "output", -100), 0)}
    kind = "ipv4_addr" if table.family == "ip" else "ipv6_addr"
    assert survey.sets["addresses"] == (Shape((kind,)), 2)
    assert survey.sets["seen"] == (Shape((kind,), seconds=10800), 0)
    assert survey.sets["fronts"] == (Shape((kind, "inet_proto", "inet_service"), "verdict"), 0)
    assert survey.sets["places"][0].to == f"{kind} . inet_service"


def test_a_survey_sees_what_changed_since_the_last_one(table):
    table.run(made(Chain("a")))
    assert table.survey().chains == {"a": (None, 0)}
    table.run(made(Rule("a", (), DROP)))
    assert table.survey().chains == {"a": (None, 1)}


def test_without_a_table_there_is_nothing_to_see(table):
    table.run((Delete(Table()),))
    assert not table.survey().exists
    assert table.observe() is None


def test_making_the_same_twice_changes_nothing(table, address):
    things = made(
        *SEVERAL, Chain("a"), Chain("b", Hook("filter", "input", 0)), Element("addresses", (address(1),)),
        Element("fronts", (address(1), "tcp", 80), Goto("a")),
    )  # fmt: skip
    table.run(things)
    before = observed(table)
    table.run((Add(Table()), *things))
    assert observed(table) == before


@pytest.mark.parametrize(
    "refused",
    [
        pytest.param(Add(Map("addresses", ("daddr",))), id="another thing by the same name"),
        pytest.param(Add(Set("loops", ("daddr",))), id="a set with another key"),
        pytest.param(Add(Chain("base", Hook("filter", "output", 0))), id="a chain at another hook"),
        pytest.param(Add(Rule("nowhere", (), DROP)), id="a rule in no chain"),
        pytest.param(Add(Rule("a", (), Jump("nowhere"))), id="a jump to nowhere"),
        pytest.param(Add(Rule("a", (In(("daddr",), "nothing"),), DROP)), id="a question to no set"),
        pytest.param(Delete(Chain("nowhere")), id="deleting no chain"),
        pytest.param(Delete(Chain("led")), id="deleting a chain that a rule leads to"),
        pytest.param(Delete(Set("loops", ("saddr", "daddr"))), id="deleting a set that a rule asks"),
        pytest.param(Delete(Set("nothing", ("daddr",))), id="deleting no set"),
        pytest.param(Flush(Chain("nowhere")), id="emptying no chain"),
    ],
)
def test_a_refused_action_undoes_the_whole_transaction(table, refused):
    base = Chain("base", Hook("filter", "input", 0))
    rules = (Rule("a", (), Jump("led")), Rule("a", (In(("saddr", "daddr"), "loops"),), DROP))
    table.run(made(*SEVERAL, Chain("a"), Chain("led"), base, *rules))
    before = observed(table)
    with pytest.raises(Refused):
        table.run((Add(Chain("new")), Flush(Chain("a")), *made(*rules), Add(Rule("a", (), DROP)), refused))
    assert observed(table) == before


def test_elements_that_cannot_be(table, address):
    front = (address(1), "tcp", 80)
    table.run(made(*SEVERAL, Chain("a"), Chain("b"), Element("fronts", front, Goto("a"))))
    for action in (
        Add(Element("fronts", front, Goto("b"))),
        Add(Element("fronts", (address(2), "tcp", 80), Goto("nowhere"))),
        Delete(Element("fronts", (address(2), "tcp", 80))),
        Delete(Chain("a")),
        Add(Element("nothing", (address(1),))),
    ):
        with pytest.raises(Refused):
            table.run((Add(Element("addresses", (address(9),))), action))
    held = observed(table)
    assert (list(held.elements["fronts"]), list(held.elements["addresses"])) == ([front], [])


def test_what_is_not_there_is_absent(table):
    with pytest.raises(Absent):
        table.run((Delete(Chain("nowhere")),))


def test_an_element_is_exchanged_in_one_transaction(table, address):
    front = (address(1), "tcp", 80)
    before, after = Element("fronts", front, Goto("a")), Element("fronts", front, Goto("b"))
    table.run(made(*SEVERAL, Chain("a"), before))
    table.run((Add(Chain("b")), Delete(before), Add(after), Delete(Chain("a"))))
    held = observed(table)
    assert (held.elements["fronts"], set(held.chains)) == ({front: after}, {"b"})


def test_a_chain_is_emptied_and_filled_again(table):
    table.run(made(Chain("a"), Rule("a", (), DROP)))
    table.run((Flush(Chain("a")), Add(Rule("a", (), ACCEPT)), Add(Rule("a", (), DROP))))
    assert observed(table).rules["a"] == (Rule("a", (), ACCEPT), Rule("a", (), DROP))


def test_a_set_is_emptied_and_filled_again_with_the_same(table, address):
    one, two = Element("places", (address(1), "tcp", 80), (address(7), 1)), Element("addresses", (address(1),))
    table.run(made(*SEVERAL, one, two))
    table.run((Flush(SEVERAL[5]), Flush(SEVERAL[0]), Add(one), Add(two)))
    held = observed(table)
    assert (list(held.elements["places"].values()), list(held.elements["addresses"].values())) == ([one], [two])


def test_chains_and_sets_go_with_what_referred_to_them(table, address):
    front = Element("fronts", (address(1), "tcp", 80), Goto("b"))
    table.run(made(*SEVERAL, Chain("a"), Chain("b"), front, Rule("a", (), Look(FRONT, "fronts")), Rule("b", (), DROP)))
    table.run((Delete(Chain("a")), Delete(SEVERAL[3]), Delete(Chain("b"))))
    held = observed(table)
    assert (held.chains, set(held.sets)) == ({}, {each.name for each in SEVERAL} - {"fronts"})


def test_a_later_rule_asks_a_map_that_was_there_before(table, address):
    table.run(made(*SEVERAL, Chain("n"), Chain("a")))
    later = Rule("n", (), DnatBy(FRONT, "places")), Rule("n", (), Look(FRONT, "fronts"))
    table.run(made(*later, Element("places", (address(1), "tcp", 80), (address(7), 8080))))
    assert observed(table).rules["n"] == later


def test_many_elements_at_once(table, address):
    keys = [(address(number % 250 + 1), "tcp", number) for number in range(2500)]
    elements = [Element("places", key, (address(1), 80)) for key in keys]
    table.run(made(*SEVERAL, *elements))
    assert table.survey().sets["places"][1] == 2500
    table.run(tuple(Delete(each) for each in elements[1:]))
    assert list(observed(table).elements["places"].values()) == elements[:1]


def test_an_empty_transaction_is_nothing(table):
    before = observed(table)
    table.run(())
    assert observed(table) == before
