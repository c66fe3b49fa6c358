"""What every collection of named network namespaces promises."""

import os

import pytest

from pyk8s.kernel.errors import Absent, Exists
from pyk8s.kernel.netns.fake import FakeNamedSpaces
from pyk8s.kernel.netns.run import NamedSpaces
from pyk8s.kernel.netns.values import Add, Remove, plan

NAME = f"pyk8s-test-{os.getpid()}-named"


@pytest.fixture(params=[pytest.param(NamedSpaces, marks=pytest.mark.kernel), FakeNamedSpaces])
def named(request):
    made = request.param()
    yield made
    made.run(tuple(Remove(name) for name in made.observe() if name.startswith(NAME)))


def test_what_was_added_is_observed_until_it_is_removed(named):
    named.run((Add(NAME),))
    assert NAME in named.observe()
    named.run((Remove(NAME),))
    assert NAME not in named.observe()


def test_adding_twice_is_refused(named):
    named.run((Add(NAME),))
    with pytest.raises(Exists):
        named.run((Add(NAME),))


def test_removing_what_is_not_there_is_absent(named):
    with pytest.raises(Absent):
        named.run((Remove(NAME),))


def test_a_plan_that_was_carried_out_leaves_nothing_to_plan(named):
    wanted = [f"{NAME}-a", f"{NAME}-b"]
    named.run(plan(wanted, named.observe()))
    assert plan(wanted, named.observe(), owned=wanted) == ()
    named.run(plan(wanted[:1], named.observe(), owned=wanted))
    assert {name for name in named.observe() if name.startswith(NAME)} == {wanted[0]}
