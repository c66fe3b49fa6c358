import pytest

from pyk8s.kernel.ipvs.values import (
    Add,
    AddReal,
    ChangeReal,
    Entry,
    Front,
    Load,
    Marked,
    Place,
    Real,
    Remove,
    RemoveReal,
    Server,
)
from pyk8s.proxy.ipvs.draining import LIMIT_SECONDS, RETIRED, Draining

WEB, DNS = Front("tcp", "10.96.0.20", 80), Front("udp", "10.96.0.10", 53)
ONE, TWO = Place("10.244.0.5", 8080), Place("10.244.1.6", 8080)


def entry(*places, weight=1):
    return Entry(Server(), {place: Real(weight) for place in places})


def plan(draining, wanted, had, *, stays=True, now=0.0):
    return draining.plan(wanted, had, lambda key: stays, now)


@pytest.mark.parametrize("key", [WEB, Front("sctp", "10.96.0.20", 80), Marked(7)], ids=str)
def test_an_endpoint_that_goes_is_retired_first(key):
    draining = Draining()
    assert plan(draining, {key: entry(ONE)}, {key: entry(ONE, TWO)}) == ((), (ChangeReal(key, TWO, RETIRED),))
    assert draining.due(0.0) == {key}


def test_an_endpoint_of_udp_goes_at_once():
    draining = Draining()
    assert plan(draining, {DNS: entry(ONE)}, {DNS: entry(ONE, TWO)}) == ((), (RemoveReal(DNS, TWO),))
    assert draining.wanted_in(0.0) is None


def test_an_endpoint_that_comes_back_is_used_again():
    draining = Draining()
    plan(draining, {WEB: entry(ONE)}, {WEB: entry(ONE, TWO)})
    had = draining.held({WEB: entry(ONE)})
    assert had == {WEB: Entry(Server(), {ONE: Real(), TWO: RETIRED})}
    assert plan(draining, {WEB: entry(ONE, TWO)}, had) == ((ChangeReal(WEB, TWO, Real()),), ())
    assert draining.waits == {}


def test_a_service_without_endpoints_keeps_its_virtual_server_until_the_last_connection_ends():
    draining = Draining()
    assert plan(draining, {}, {WEB: entry(ONE)}) == ((), (ChangeReal(WEB, ONE, RETIRED),))
    assert draining.held({}) == {WEB: entry(ONE, weight=0)}
    assert draining.end({WEB: {ONE: Load(active=1)}}, 0.0) == ()
    assert draining.end({WEB: {ONE: Load()}}, 1.0) == (RemoveReal(WEB, ONE), Remove(WEB))
    assert draining.held({}) == {}


def test_a_virtual_server_that_nobody_reaches_any_more_goes_at_once():
    draining = Draining()
    assert plan(draining, {}, {WEB: entry(ONE)}, stays=False) == ((), (Remove(WEB),))
    assert draining.wanted_in(0.0) is None


def test_an_endpoint_for_a_retired_virtual_server_makes_it_wanted_again():
    draining = Draining()
    plan(draining, {}, {WEB: entry(ONE)})
    assert plan(draining, {WEB: entry(TWO)}, draining.held({})) == ((AddReal(WEB, TWO, Real()),), ())
    assert draining.end({WEB: {ONE: Load()}}, 0.0) == (RemoveReal(WEB, ONE),)


def test_what_is_new_is_made():
    assert plan(Draining(), {WEB: entry(ONE)}, {}) == ((Add(WEB, Server()), AddReal(WEB, ONE, Real())), ())


def test_who_drains_is_looked_at_soon_and_then_ever_later():
    draining, busy = Draining(), {WEB: {TWO: Load(inactive=3)}}
    plan(draining, {WEB: entry(ONE)}, {WEB: entry(ONE, TWO)}, now=100.0)
    assert draining.wanted_in(100.0) == 0.0
    now, pauses = 100.0, []
    while now < 100.0 + LIMIT_SECONDS:
        assert draining.end(busy, now) == ()
        pauses.append(draining.wanted_in(now))
        now += pauses[-1]
    assert pauses[:7] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0]
    assert max(pauses) == 60.0
    assert draining.end(busy, now) == (RemoveReal(WEB, TWO),)
    assert now == 100.0 + LIMIT_SECONDS


def test_one_that_somebody_else_removed_is_forgotten():
    draining = Draining()
    plan(draining, {WEB: entry(ONE)}, {WEB: entry(ONE, TWO)})
    assert draining.end({}, 0.0) == ()
    assert draining.wanted_in(0.0) is None


def test_one_that_is_not_due_yet_is_left_alone():
    draining = Draining()
    plan(draining, {WEB: entry(ONE)}, {WEB: entry(ONE, TWO)})
    draining.end({WEB: {TWO: Load(active=1)}}, 0.0)
    assert draining.due(0.5) == frozenset()
    assert draining.end({WEB: {TWO: Load()}}, 0.5) == ()
    assert draining.wanted_in(0.5) == 0.5
