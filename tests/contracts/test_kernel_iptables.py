"""What every keeper of packet rules promises: both backends of the kernel, in namespaces of the test, and the fake."""

from contextlib import contextmanager, nullcontext

import pytest

from pyk8s.kernel.errors import Refused
from pyk8s.kernel.iptables.fake import FakeIptables
from pyk8s.kernel.iptables.run import Iptables
from pyk8s.kernel.iptables.values import (
    ACCEPT,
    RETURN,
    Append,
    Chance,
    Connection,
    Delete,
    Destination,
    DestinationLocal,
    DestinationPort,
    Dnat,
    In,
    Insert,
    Jump,
    Marked,
    Masquerade,
    Out,
    Protocol,
    Put,
    Reject,
    Remember,
    Remove,
    Rule,
    SeenWithin,
    SetMark,
    Source,
    SourceLocal,
    Withdraw,
    plan,
    plan_jumps,
)
from tests.kernel.spaces import spaces


@contextmanager
def kernel(backend):
    with spaces(1) as (netns,):
        yield Iptables(backend, netns=netns)


@pytest.fixture(
    params=[
        pytest.param(lambda: kernel("nft"), marks=pytest.mark.kernel, id="nft"),
        pytest.param(lambda: kernel("legacy"), marks=pytest.mark.kernel, id="legacy"),
        pytest.param(lambda: nullcontext(FakeIptables()), id="fake"),
    ]
)
def rules(request):
    with request.param() as made:
        yield made


def numbered(*numbers):
    return tuple(Rule((Destination(f"10.0.{number // 250}.{number % 250 + 1}/32"),), RETURN) for number in numbers)


EVERY_KIND = (
    Rule((Protocol("tcp"), Source("10.244.0.0/16"), Destination("10.96.0.1/32")), ACCEPT, "three matches"),
    Rule((Source("10.244.0.0/16", negated=True), In("cni0", negated=True)), RETURN),
    Rule((Protocol("udp"), DestinationPort("udp", 53)), Jump("B"), 'a "quoted" comment'),
    Rule((DestinationLocal(),), Jump("B")),
    Rule((SourceLocal(negated=True),), Jump("B")),
    Rule((Marked(0x4000, 0x4000, negated=True),), RETURN),
    Rule((), SetMark(0x4000, 0x4000)),
    Rule((Chance(0.3333333333),), Jump("B")),
    Rule((Connection(("RELATED", "ESTABLISHED")),), ACCEPT),
    Rule((Connection(("INVALID",), negated=True),), ACCEPT),
    Rule((SeenWithin("B", 10800),), Jump("B")),
    Rule((Protocol("tcp"), Remember("B")), Dnat("10.244.1.5:8080")),
)


def test_rules_of_every_kind_come_back_as_they_were_put(rules):
    rules.run((Put("nat", "A", EVERY_KIND), Put("nat", "B", ())))
    seen = rules.observe("nat")["nat"]["A"]
    assert [rule.target for rule in seen] == [rule.target for rule in EVERY_KIND]
    for got, put in zip(seen, EVERY_KIND, strict=True):
        assert (got.comment, len(got.matches)) == (put.comment, len(put.matches))
        for match in put.matches:
            if isinstance(match, Chance):
                assert any(abs(each.probability - match.probability) < 1e-8 for each in got.matches)
            elif isinstance(match, Connection):
                assert any(
                    set(each.states) == set(match.states) and each.negated == match.negated for each in got.matches
                )
            else:
                assert match in got.matches


def test_targets_that_only_some_chains_may_have(rules):
    post = (Rule((Out("eth0"),), Masquerade(random=True)), Rule((), Masquerade()))
    rules.run((Put("nat", "P", post), Put("filter", "F", (Rule((), Reject()),))))
    held = rules.observe("nat", "filter")
    assert (held["nat"]["P"], held["filter"]["F"]) == (post, (Rule((), Reject()),))


def test_putting_a_chain_replaces_its_rules(rules):
    rules.run((Put("nat", "A", numbered(1, 2)),))
    rules.run((Put("nat", "A", numbered(3)),))
    assert rules.observe("nat")["nat"]["A"] == numbered(3)


def test_rules_are_inserted_appended_deleted_and_withdrawn(rules):
    one, two, three, four = numbered(1, 2, 3, 4)
    rules.run((Put("nat", "A", (one,)),))
    rules.run((Insert("nat", "A", two), Insert("nat", "A", three, 3), Append("nat", "A", four)))
    assert rules.observe("nat")["nat"]["A"] == (two, one, three, four)
    rules.run((Delete("nat", "A", 2), Withdraw("nat", "A", four)))
    assert rules.observe("nat")["nat"]["A"] == (two, three)


def test_a_chain_and_the_one_it_jumps_to_are_removed_together(rules):
    rules.run((Put("nat", "A", (Rule((), Jump("B")),)), Put("nat", "B", numbered(1))))
    rules.run((Remove("nat", "B"), Remove("nat", "A")))
    assert not {"A", "B"} & rules.observe("nat")["nat"].keys()


def test_a_refused_action_undoes_the_whole_transaction(rules):
    rules.run((Put("nat", "A", numbered(1)),))
    with pytest.raises(Refused):
        rules.run((Put("nat", "A", numbered(2)), Put("nat", "C", ()), Withdraw("nat", "A", numbered(9)[0])))
    held = rules.observe("nat")["nat"]
    assert held["A"] == numbered(1)
    assert "C" not in held


def test_a_jump_to_nowhere_is_refused(rules):
    with pytest.raises(Refused):
        rules.run((Put("nat", "A", (Rule((), Jump("NOWHERE")),)),))


def test_removing_a_chain_that_others_jump_to_is_refused(rules):
    rules.run((Put("nat", "A", (Rule((), Jump("B")),)), Put("nat", "B", ())))
    with pytest.raises(Refused):
        rules.run((Remove("nat", "B"),))


def test_jumps_are_put_once_in_order_and_before_what_is_there(rules):
    other = numbered(1)[0]
    wanted = {("nat", "PREROUTING"): (Rule((), Jump("A")), Rule((), Jump("B"), "second"))}
    rules.run((Put("nat", "A", ()), Put("nat", "B", ()), Append("nat", "PREROUTING", other)))
    rules.run(plan_jumps(wanted, rules.observe("nat"), first=True))
    assert rules.observe("nat")["nat"]["PREROUTING"] == (*wanted["nat", "PREROUTING"], other)
    assert plan_jumps(wanted, rules.observe("nat"), first=True) == ()


def test_a_planned_edit_of_a_long_chain_gives_the_chain_that_was_wanted(rules):
    before, after = numbered(*range(100)), numbered(*range(40), 500, 501, *range(43, 100))
    rules.run((Put("nat", "A", before),))
    edits = plan({"nat": {"A": after}}, {"nat": {"A": before}})
    assert len(edits) == 5
    rules.run(edits)
    assert rules.observe("nat")["nat"]["A"] == after


def test_a_survey_counts_rules_and_reads_built_in_chains(rules):
    jump = Rule((), Jump("A"))
    rules.run((Put("nat", "A", numbered(1, 2)), Append("nat", "OUTPUT", jump)))
    survey = rules.survey("nat")
    assert (survey.counts["A"], survey.counts["OUTPUT"], survey.counts["PREROUTING"]) == (2, 1, 0)
    assert survey.built_in["OUTPUT"] == (jump,)
