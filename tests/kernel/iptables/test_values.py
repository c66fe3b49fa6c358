import pytest
from hypothesis import given
from hypothesis.strategies import integers, lists

from pyk8s.kernel.iptables.fake import FakeIptables
from pyk8s.kernel.iptables.values import (
    RETURN,
    Append,
    Delete,
    Destination,
    Insert,
    Jump,
    Put,
    Remove,
    Rule,
    edit,
    plan,
    plan_jumps,
)


def chain(*numbers):
    return tuple(Rule((Destination(f"10.0.{number // 250}.{number % 250}/32"),), RETURN) for number in numbers)


LONG = tuple(range(100))


@pytest.mark.parametrize(
    ("held", "wanted", "actions"),
    [
        pytest.param({}, {"A": chain(1)}, (Put("nat", "A", chain(1)),), id="new"),
        pytest.param({"A": chain(1)}, {"A": chain(1)}, (), id="equal"),
        pytest.param({"A": chain(1)}, {"A": chain(2)}, (Put("nat", "A", chain(2)),), id="short and changed: whole"),
        pytest.param({"A": chain(1), "B": ()}, {"A": chain(1)}, (Remove("nat", "B"),), id="nobody wants it"),
        pytest.param(
            {"A": chain(*LONG)},
            {"A": chain(*LONG[:50], 777, *LONG[50:])},
            (Insert("nat", "A", chain(777)[0], 51),),
            id="long and one more: one edit",
        ),
        pytest.param(
            {"A": chain(*LONG)}, {"A": chain(*LONG[:-1])}, (Delete("nat", "A", 100),), id="long and the last one less"
        ),
        pytest.param(
            {"A": chain(*LONG)},
            {"A": chain(*range(200, 300))},
            (Put("nat", "A", chain(*range(200, 300))),),
            id="long and all new: whole",
        ),
    ],
)
def test_plan(held, wanted, actions):
    assert plan({"nat": wanted}, {"nat": held}) == actions


@given(lists(integers(0, 5), max_size=90), lists(integers(0, 5), max_size=90), integers(0, 70))
def test_an_edit_gives_what_was_wanted(held, wanted, shared):
    held_rules, wanted_rules = chain(*range(shared), *held), chain(*range(shared), *wanted)
    kernel = FakeIptables()
    kernel.run((Put("nat", "A", held_rules),))
    kernel.run(edit("nat", "A", held_rules, wanted_rules))
    assert kernel.tables["nat"]["A"] == wanted_rules


@pytest.mark.parametrize(("held", "wanted"), [(100, 101), (101, 100), (100, 100), (65, 64), (64, 90)])
def test_an_edit_among_rules_that_are_all_alike_gives_so_many(held, wanted):
    kernel, (rule,) = FakeIptables(), chain(1)
    kernel.run((Put("nat", "A", (rule,) * held),))
    kernel.run(edit("nat", "A", (rule,) * held, (rule,) * wanted))
    assert kernel.tables["nat"]["A"] == (rule,) * wanted


def test_jumps_that_are_there_are_not_put_again():
    one, two = Rule((), Jump("ONE")), Rule((), Jump("TWO"))
    observed = {"nat": {"OUTPUT": (one,)}}
    assert plan_jumps({("nat", "OUTPUT"): (one, two)}, observed, first=True) == (Insert("nat", "OUTPUT", two),)
    assert plan_jumps({("nat", "OUTPUT"): (one, two)}, observed, first=False) == (Append("nat", "OUTPUT", two),)
