"""What everybody who keeps the addresses of one link promises: the kernel's, on a bridge, and the fake."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pyk8s.kernel.errors import Absent, Exists
from pyk8s.kernel.link.addresses import Addresses
from pyk8s.kernel.link.run import run as run_links
from pyk8s.kernel.link.values import Add, AddAddress, Link, RemoveAddress
from tests.kernel.spaces import spaces
from tests.proxy.ipvs.node import FakePlaces

LINK = "kube-ipvs0"


@contextmanager
def kernel() -> Iterator[Addresses]:
    with spaces(1) as (made,):
        run_links((Add(Link(LINK, "bridge", up=False)),), made)
        yield Addresses(made)


@contextmanager
def fake() -> Iterator[FakePlaces]:
    made = FakePlaces()
    made.make(LINK)
    yield made


@pytest.fixture(params=[pytest.param(kernel, marks=pytest.mark.kernel), fake], ids=["kernel", "fake"])
def addresses(request):
    with request.param() as made:
        yield made


def test_addresses_of_both_families_come_and_go(addresses):
    both = ("10.96.0.1/32", "fd96::1/128")
    addresses.run([AddAddress(LINK, each) for each in both])
    assert addresses.observe(LINK) == set(both)
    addresses.run([RemoveAddress(LINK, both[0])])
    assert addresses.observe(LINK) == {both[1]}


def test_a_thousand_addresses_are_one_call(addresses):
    many = [f"10.96.{number >> 8}.{number & 255}/32" for number in range(1, 1001)]
    addresses.run(AddAddress(LINK, each) for each in many)
    assert addresses.observe(LINK) == set(many)


def test_what_is_there_already_is_refused(addresses):
    addresses.run([AddAddress(LINK, "10.96.0.1/32")])
    with pytest.raises(Exists):
        addresses.run([AddAddress(LINK, "10.96.0.1/32")])


def test_what_is_not_there_is_absent(addresses):
    with pytest.raises(Absent):
        addresses.run([RemoveAddress(LINK, "10.96.0.1/32")])
    for ask in (lambda: addresses.observe("none0"), lambda: addresses.run([AddAddress("none0", "10.96.0.1/32")])):
        with pytest.raises(Absent):
            ask()
