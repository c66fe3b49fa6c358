import errno

import pytest

from pyk8s.kernel.errors import Refused, Unsupported, refused
from pyk8s.kernel.ipset.run import Sets
from pyk8s.kernel.iptables.run import Iptables
from pyk8s.kernel.ipvs.values import Add, Marked
from pyk8s.kernel.netns.run import entered
from pyk8s.proxy.ipvs import backend
from pyk8s.proxy.ipvs.backend import UNUSED_MARK, ServiceLink, find, make, try_scheduler
from pyk8s.proxy.ipvs.chains import TABLES
from pyk8s.proxy.ipvs.ruleset import Ruleset
from tests.kernel.balancer import lacking
from tests.kernel.spaces import spaces
from tests.proxy.ipvs.changes import meaning
from tests.proxy.ipvs.node import fake_hands, settings


class Log:
    """Hands that write down what they are told, in a word each."""

    def __init__(self, parts, name):
        self.parts, self.name = parts, name

    def run(self, transaction):
        self.parts += [(self.name, type(each).__name__) for each in transaction]

    def make(self, link):
        self.parts.append((self.name, f"make {link}"))


def order(change):
    parts: list[tuple[str, str]] = []
    hands = fake_hands()
    hands.servers, hands.sets, hands.places = (Log(parts, name) for name in ("servers", "sets", "places"))
    hands.rules = Log(parts, "rules")
    hands.run(change)
    return parts


def test_what_leads_to_a_service_comes_last_and_goes_first():
    ruleset = Ruleset(settings())
    ruleset.change(meaning(1))
    come = order(ruleset.change(meaning(2)))
    assert [part for part, _ in dict.fromkeys(come)] == ["sets", "servers", "servers", "places"]
    gone = order(ruleset.change({"shop/s2": ()}))
    assert [part for part, _ in dict.fromkeys(gone)] == ["places", "servers", "sets"]


def test_at_the_start_sets_come_before_the_rules_that_ask_them_and_addresses_last():
    ruleset = Ruleset(settings())
    ruleset.change(meaning(1))
    parts = [part for part, _ in order(ruleset.whole(fake_hands().survey()))]
    assert [part for at, part in enumerate(parts) if parts[at - 1 : at] != [part]] == [
        "places",  # the link, still without an address
        "sets",
        "rules",
        "servers",
        "places",
    ]


def test_a_service_is_refused_before_its_endpoints_are_gone_and_until_they_are_there():
    ruleset = Ruleset(settings())
    ruleset.change(meaning(1))
    assert order(ruleset.change(meaning(1, 0)))[0] == ("sets", "Add")
    assert order(ruleset.change(meaning(1, 1)))[-1] == ("sets", "Remove")


def test_a_machine_without_dummy_links_is_told_of_the_module(monkeypatch):
    def unknown(*_):
        raise refused("add kube-ipvs0", errno.EOPNOTSUPP)

    monkeypatch.setattr(backend, "run_links", unknown)
    with pytest.raises(Unsupported, match="modprobe dummy"):
        ServiceLink().make("kube-ipvs0")


def test_another_refusal_of_the_link_is_told_as_it_is(monkeypatch):
    def refuse(*_):
        raise refused("add kube-ipvs0", errno.EPERM)

    monkeypatch.setattr(backend, "run_links", refuse)
    with pytest.raises(Refused):
        ServiceLink().make("kube-ipvs0")


def test_a_scheduler_is_tried_before_a_service_asks_for_it():
    hands = fake_hands()
    try_scheduler(hands, "wlc")
    assert hands.servers.table == {}
    with pytest.raises(Unsupported, match="zz"):
        try_scheduler(hands, "zz")


def test_what_was_left_of_a_trial_does_not_end_the_next():
    hands = fake_hands()
    hands.servers.run((Add(Marked(UNUSED_MARK)),))
    try_scheduler(hands, "rr")
    assert hands.servers.table == {}


@pytest.mark.kernel
@pytest.mark.skipif(not lacking(), reason="this kernel has IPVS")
def test_a_kernel_without_ipvs_is_told_what_to_do_before_anything_is_made():
    with spaces(1) as (netns,), entered(netns):
        with pytest.raises(Unsupported, match=r"ip_vs.*`modprobe ip_vs`.*package"):
            make(settings())
        assert Sets().observe() == {}


@pytest.mark.kernel
@pytest.mark.parametrize("rules", ["nft", "legacy"])
@pytest.mark.parametrize("family", [4, 6])
def test_real_sets_and_rules_are_as_planned(rules, family):
    """What needs no IPVS: every rule over every set, on both backends."""
    with spaces(1) as (netns,):
        hands, ruleset = fake_hands(family), Ruleset(settings(family))
        hands.sets, hands.rules = Sets(netns), Iptables(rules, family, netns)
        ruleset.change(meaning(1, 2, family=family, node_port=30001, externalTrafficPolicy="Local"))
        hands.run(ruleset.whole(hands.survey()))
        assert ruleset.stands(hands.survey())
        held = hands.rules.observe(*TABLES)
        for table, chains in ruleset.tables.items():
            assert {name: held[table][name] for name in chains} == dict(chains)
        hands.run(ruleset.nothing(hands.survey()))
        assert hands.sets.observe() == {}
        assert not [name for table in TABLES for name in hands.rules.survey(table).counts if name.startswith("KUBE-")]


@pytest.mark.parametrize("order", [(4, 6), (6, 4)])
def test_what_one_family_left_is_found_after_the_other_is_gone(order, monkeypatch):
    kernel = {family: fake_hands(family) for family in (4, 6)}
    kernel[6].sets, kernel[6].places, kernel[6].servers = kernel[4].sets, kernel[4].places, kernel[4].servers
    for family, hands in kernel.items():
        ruleset = Ruleset(settings(family))
        ruleset.change(meaning(1, 2, family=family))
        hands.run(ruleset.whole(hands.survey()))
    monkeypatch.setattr(backend, "open_hands", lambda settings, *_: kernel[settings.family])
    monkeypatch.setattr(backend, "Sets", lambda: kernel[4].sets)
    monkeypatch.setattr(backend, "ServiceLink", lambda: kernel[4].places)
    monkeypatch.setattr(backend, "set_sysctl", lambda *_: pytest.fail("a setting was changed only to clean"))
    # kube-ipvs0 went with the first, as when it was killed between both families.
    kernel[4].places.remove("kube-ipvs0")
    for family in order:
        found = find(settings(family))
        assert found is not None
        found.kernel.run(found.ruleset.nothing(found.kernel.survey()))
        assert find(settings(family)) is None
    assert kernel[4].sets.sets == {}


def test_a_node_that_never_had_the_mode_has_nothing_left(monkeypatch):
    hands = fake_hands()
    monkeypatch.setattr(backend, "Sets", lambda: hands.sets)
    monkeypatch.setattr(backend, "ServiceLink", lambda: hands.places)
    assert find(settings()) is None
