"""What nft is given to read."""

import pytest

from pyk8s.kernel.nftables.text import AT_ONCE, quoted, render, render_element, render_rule
from pyk8s.kernel.nftables.values import (
    DROP,
    Add,
    Chain,
    Delete,
    Destination,
    Dnat,
    DnatBy,
    Element,
    Flush,
    Foreign,
    Goto,
    Hook,
    In,
    Look,
    Map,
    Remember,
    Rule,
    Set,
    Source,
    Spread,
    Table,
)


def lines(*transaction, family="ip"):
    return render(transaction, family, "t").decode().splitlines()


@pytest.mark.parametrize(
    ("action", "line"),
    [
        (Add(Table()), "add table ip t"),
        (Delete(Table()), "delete table ip t"),
        (Add(Chain("a")), "add chain ip t a"),
        (Add(Chain("a", Hook("nat", "output", -100))), "add chain ip t a { type nat hook output priority -100 ; }"),
        (Flush(Chain("a")), "flush chain ip t a"),
        (Delete(Set("s", ("daddr",))), "delete set ip t s"),
        (Flush(Map("m", ("daddr",))), "flush map ip t m"),
        (Add(Set("s", ("saddr", "daddr"))), "add set ip t s { type ipv4_addr . ipv4_addr ; }"),
        (Add(Set("s", ("saddr",), 9)), "add set ip t s { type ipv4_addr ; flags dynamic,timeout ; timeout 9s ; }"),
        (
            Add(Map("m", ("l4proto", "dport"), counted=True)),
            "add map ip t m { type inet_proto . inet_service : verdict ; counter ; }",
        ),
        (
            Add(Map("m", ("daddr", "dport"), "place")),
            "add map ip t m { type ipv4_addr . inet_service : ipv4_addr . inet_service ; }",
        ),
        (Delete(Element("m", ("10.0.0.1", 80), Goto("a"))), "delete element ip t m { 10.0.0.1 . 80 }"),
        (Add(Element("m", ("10.0.0.1",), Goto("a"), "x")), 'add element ip t m { 10.0.0.1 comment "x" : goto a }'),
        (Add(Element("m", ("tcp",), DROP)), "add element ip t m { tcp : drop }"),
    ],
)
def test_one_action_is_one_line(action, line):
    assert lines(action) == [line]


def test_elements_of_one_set_that_follow_each_other_share_a_command():
    one, two, other = Element("s", ("10.0.0.1",)), Element("s", ("10.0.0.2",)), Element("z", ("10.0.0.3",))
    assert lines(Delete(one), Add(one), Add(two), Add(other)) == [
        "delete element ip t s { 10.0.0.1 }",
        "add element ip t s { 10.0.0.1, 10.0.0.2 }",
        "add element ip t z { 10.0.0.3 }",
    ]


def test_a_command_has_no_more_elements_than_a_message_can_hold():
    made = lines(*(Add(Element("s", (number,))) for number in range(AT_ONCE + 1)))
    assert [line.count(",") + 1 for line in made] == [AT_ONCE, 1]


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Rule("a", (Source("fd00::/8", negated=True),), DROP), "ip6 saddr != fd00::/8 drop"),
        (Rule("a", (Destination("fd00::1"),), Dnat((("fd00::2", 80),))), "ip6 daddr fd00::1 dnat to [fd00::2]:80"),
        (
            Rule("a", (), Dnat((("fd00::2", 80), ("fd00::3", 81)))),
            "dnat ip6 addr . port to numgen random mod 2 map { 0 : fd00::2 . 80, 1 : fd00::3 . 81 }",
        ),
        (Rule("a", (), Spread(("b", "c"))), "numgen random mod 2 vmap { 0 : goto b, 1 : goto c }"),
        (Rule("a", (), DnatBy(("daddr",), "m")), "dnat ip6 to ip6 daddr map @m"),
        (Rule("a", (In(("saddr", "daddr"), "s"),), Look(("dport",), "m")), "ip6 saddr . ip6 daddr @s th dport vmap @m"),
        (Rule("a", (Remember("s"),), comment="why"), 'update @s { ip6 saddr } comment "why"'),
        (Rule("a", (Foreign("somebody's"),)), "somebody's"),
    ],
)
def test_rules_of_the_other_family(rule, text):
    assert render_rule(rule, "ip6") == text


def test_a_comment_cannot_end_its_own_quotation():
    assert quoted('a "b"\nc') == "\"a 'b' c\""
    assert len(quoted("x" * 500)) == 130


def test_an_element_is_shown_with_its_map():
    assert render_element(Element("m", ("tcp", 80), ("10.0.0.1", 8080))) == "@m { tcp . 80 : 10.0.0.1 . 8080 }"
