"""The messages that we make, beside those that nft makes of the same words: nft shows no difference afterwards."""

import subprocess

import pytest

from pyk8s.kernel.errors import Refused
from pyk8s.kernel.nftables.messages import LONGEST, NEW_ELEMENT, encode
from pyk8s.kernel.nftables.run import Nftables
from pyk8s.kernel.nftables.text import render
from pyk8s.kernel.nftables.values import (
    ACCEPT,
    DROP,
    NO_TABLE,
    RETURN,
    Add,
    Chain,
    ClearMark,
    Destination,
    DestinationLocal,
    Dnat,
    DnatBy,
    Element,
    Foreign,
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
    Source,
    SourceLocal,
    Spread,
    Table,
    Translated,
    Unmarked,
)
from pyk8s.proxy.nftables.ruleset import Ruleset
from tests.kernel.spaces import inside, spaces
from tests.proxy.flows import intents, settings

FRONT = ("daddr", "l4proto", "dport")
SETS = (
    Set("addresses", ("daddr",)),
    Set("loops", ("saddr", "daddr")),
    Set("seen", ("saddr",), seconds=10800),
    Map("fronts", FRONT, counted=True),
    Map("ports", ("l4proto", "dport")),
    Map("places", FRONT, "place"),
    Map("ends", ("daddr",), "place", counted=True),
)


def everything(family):
    """Something of each kind."""
    one, two = ("10.0.0.1", "10.0.0.2") if family == "ip" else ("fd00::1", "fd00::2")
    ranges = ("10.244.0.0/16", "10.128.0.0/9", "0.0.0.0/0") if family == "ip" else ("fd44::/32", "fd40::/10", "::/0")
    rules = [
        *(Rule("a", (Source(each), Destination(each, negated=True)), RETURN, "a range") for each in ranges[:2]),
        Rule("a", (Source(one), Destination(two, negated=True)), ACCEPT),
        Rule("a", (DestinationLocal(), SourceLocal(negated=True)), Jump("b")),
        Rule("a", (In(("daddr",), "addresses"), In(("saddr", "daddr"), "loops"), In(("saddr",), "seen")), Goto("b")),
        Rule("a", (Remember("seen"), New(), Translated(), Unmarked(0x4000)), RETURN),
        Rule("a", (Invalid(), Protocol("sctp")), DROP),
        Rule("a", (), SetMark(0x4000)),
        Rule("a", (), ClearMark(0x80)),
        Rule("a", (), Look(FRONT, "fronts")),
        Rule("a", (DestinationLocal(),), Look(("l4proto", "dport"), "ports")),
        Rule("a", (), Spread(("b", "c"))),
        Rule("n", (Protocol("tcp"),), Dnat(((one, 8080),))),
        Rule("n", (Protocol("udp"),), Dnat(((one, 8080), (two, 8081)))),
        Rule("n", (), DnatBy(FRONT, "places")),
        Rule("p", (), Masquerade()),
        Rule("f", (Protocol("tcp"),), Reject(reset=True)),
        Rule("f", (), Reject()),
    ]
    elements = [
        Element("addresses", (one,)),
        Element("addresses", (two,), comment="shop/web"),
        Element("loops", (one, one)),
        Element("fronts", (one, "tcp", 80), Goto("b"), "shop/web:http"),
        Element("fronts", (one, "udp", 53), DROP),
        Element("ports", ("sctp", 30001), Jump("b")),
        Element("places", (one, "tcp", 80), (two, 8080)),
        Element("ends", (one,), (two, 8080)),
    ]
    chains = [*(Chain(each) for each in "abcnpf"), Chain("base", Hook("nat", "output", -100))]
    return tuple(Add(each) for each in (Table(), *SETS, *chains, *rules, *elements))


def of_the_proxy(family):
    ruleset = Ruleset(settings(4 if family == "ip" else 6))
    ruleset.change(intents(4 if family == "ip" else 6))
    return ruleset.whole(NO_TABLE)


def shown(netns):
    """The words that nft shows, sorted: where the kernel keeps an element is its own affair."""
    return sorted(inside(netns, "nft", "list", "ruleset").replace(",", " ").split())


@pytest.mark.kernel
@pytest.mark.parametrize("family", ["ip", "ip6"])
@pytest.mark.parametrize("make", [everything, of_the_proxy])
def test_nft_shows_what_we_wrote_as_if_it_had_written_it(make, family):
    transaction = make(family)
    with spaces(2) as (ours, theirs):
        table = Nftables("t", family, ours)
        table.run(transaction)
        table.close()
        text = render(transaction, family, "t")
        subprocess.run(["nsenter", f"--net={theirs}", "nft", "-f", "-"], input=text, check=True, timeout=30)
        assert shown(ours) == shown(theirs)
        assert rules(ours) == rules(theirs)


def rules(netns):
    """The lines of chains, in their order: everything but elements."""
    listed = inside(netns, "nft", "-t", "list", "ruleset").splitlines()
    return [line for line in listed if line.startswith("\t\t")]


def test_elements_are_spread_over_messages_that_their_lengths_fit_in():
    elements = [Add(Element("s", (f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}",), comment="x" * 100)) for n in range(2000)]
    made = list(encode(tuple(elements), "ip", "t"))
    assert len(made) > 2
    assert all(kind == NEW_ELEMENT and len(body) <= LONGEST + 100 for kind, _, body, _ in made)
    assert next(place for *_, place in made) == 0
    assert sorted(place for *_, place in made) == [place for *_, place in made]


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("thing", "why"),
    [
        (Element("addresses", ("nonsense",)), "'nonsense' is no address"),
        (Rule("a", (Foreign("tcp flags"),)), "somebody else cannot be written"),
        (Rule("a", (Source("10.0.0.0/33"),)), "does not appear to be"),
    ],
)
def test_what_cannot_be_said_is_refused_and_not_half_written(thing, why):
    with spaces(1) as (netns,):
        table = Nftables("t", "ip", netns)
        with pytest.raises(Refused, match=why):
            table.run((Add(Table()), Add(thing)))
        assert not table.survey().exists
        table.close()
