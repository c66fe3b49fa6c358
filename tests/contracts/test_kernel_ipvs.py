"""What every `Ipvs` promises: the kernel's, in a namespace of the test, and the fake."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pyk8s.kernel.errors import Absent, Exists, Unsupported
from pyk8s.kernel.ipvs.fake import FakeIpvs
from pyk8s.kernel.ipvs.run import Ipvs
from pyk8s.kernel.ipvs.values import (
    Add,
    AddReal,
    Change,
    ChangeReal,
    Entry,
    Flush,
    Front,
    Load,
    Marked,
    Place,
    Real,
    Remove,
    RemoveReal,
    Server,
    SetTimeouts,
    plan,
)
from tests.kernel.balancer import needs_ipvs
from tests.kernel.spaces import spaces


@contextmanager
def kernel() -> Iterator[Ipvs]:
    with spaces(1) as (made,):
        yield Ipvs(made)


@contextmanager
def fake() -> Iterator[FakeIpvs]:
    yield FakeIpvs()


@pytest.fixture(params=[pytest.param(kernel, marks=[pytest.mark.kernel, needs_ipvs]), fake], ids=["kernel", "fake"])
def ipvs(request):
    with request.param() as made:
        yield made


WEB = Front("tcp", "10.96.0.20", 80)
ONE, TWO = Place("10.244.0.5", 8080), Place("10.244.1.6", 8080)
TABLE = {
    WEB: Entry(Server("rr"), {ONE: Real(), TWO: Real(0)}),
    Front("udp", "10.96.0.20", 53): Entry(Server("mh", flags=frozenset({"flag-1", "ops"})), {ONE: Real(7)}),
    Front("sctp", "fd00:96::1", 9): Entry(Server("sh", persistence=300), {Place("fd00::5", 9): Real()}),
    Marked(0x8001234): Entry(Server("wlc", persistence=10800), {ONE: Real()}),
    Marked(0x8001234, 6): Entry(Server("sed"), {Place("fd00::5", 9): Real(method="tunnel")}),
}


def test_nothing_is_there_at_first(ipvs):
    assert ipvs.observe() == {}


def test_every_family_protocol_and_mark_is_read_as_it_was_written(ipvs):
    ipvs.run(plan(TABLE, {}))
    assert ipvs.observe() == TABLE
    assert plan(TABLE, ipvs.observe()) == ()


def test_one_family_is_read_alone(ipvs):
    ipvs.run(plan(TABLE, {}))
    assert {key.family for key in ipvs.observe(6)} == {6}
    assert {**ipvs.observe(4), **ipvs.observe(6)} == TABLE


@pytest.mark.parametrize(
    "scheduler", ["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "mh", "dh", "sed", "nq", "fo", "ovf"]
)
def test_every_scheduler_is_known(ipvs, scheduler):
    ipvs.run((Add(WEB, Server(scheduler)),))
    assert ipvs.observe()[WEB].server.scheduler == scheduler


def test_a_scheduler_that_nobody_knows_is_named(ipvs):
    with pytest.raises(Unsupported, match="zz"):
        ipvs.run((Add(WEB, Server("zz")),))
    ipvs.run((Add(WEB),))
    with pytest.raises(Unsupported, match="zz"):
        ipvs.run((Change(WEB, Server("zz")),))


def test_changes_are_seen(ipvs):
    ipvs.run(plan(TABLE, {}))
    ipvs.run((Change(WEB, Server("sh", 60)), ChangeReal(WEB, ONE, Real(0)), RemoveReal(WEB, TWO)))
    assert ipvs.observe()[WEB] == Entry(Server("sh", 60), {ONE: Real(0)})
    ipvs.run((Change(WEB, Server("rr")),))
    assert ipvs.observe()[WEB].server == Server("rr")


def test_the_connections_of_one_virtual_server_are_asked_for(ipvs):
    ipvs.run(plan(TABLE, {}))
    assert ipvs.loads(WEB) == {ONE: Load(), TWO: Load()}
    assert ipvs.loads(Front("tcp", "10.96.0.99", 80)) == {}


def test_a_virtual_server_goes_with_its_real_ones(ipvs):
    ipvs.run(plan(TABLE, {}))
    ipvs.run((Remove(WEB),))
    assert WEB not in ipvs.observe()
    ipvs.run((Flush(),))
    assert ipvs.observe() == {}


def test_what_is_there_already_is_refused(ipvs):
    ipvs.run(plan(TABLE, {}))
    for action in (Add(WEB), AddReal(WEB, ONE)):
        with pytest.raises(Exists):
            ipvs.run((action,))


@pytest.mark.parametrize(
    "action",
    [
        Change(Front("tcp", "10.96.0.99", 80), Server()),
        Remove(Front("tcp", "10.96.0.99", 80)),
        AddReal(Front("tcp", "10.96.0.99", 80), ONE),
        ChangeReal(WEB, Place("10.244.9.9", 1), Real()),
        RemoveReal(WEB, Place("10.244.9.9", 1)),
    ],
    ids=lambda action: type(action).__name__,
)
def test_what_is_not_there_is_absent(ipvs, action):
    ipvs.run(plan(TABLE, {}))
    with pytest.raises(Absent):
        ipvs.run((action,))


def test_hundreds_of_servers_go_and_come_back(ipvs):
    table = {
        Front("tcp", f"10.96.1.{number}", 80): Entry(Server(), {ONE: Real(), TWO: Real()}) for number in range(250)
    }
    ipvs.run(plan(table, {}))
    assert ipvs.observe() == table


def test_connections_are_kept_as_long_as_is_said(ipvs):
    assert ipvs.timeouts() == SetTimeouts(900, 120, 300)
    ipvs.run((SetTimeouts(tcp=600, udp=30),))
    assert ipvs.timeouts() == SetTimeouts(600, 120, 30)
