"""What every `Routes` promises: the kernel's, in a namespace of the test, and the fake."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from pyk8s.kernel.errors import Absent, Refused
from pyk8s.kernel.link.run import Links
from pyk8s.kernel.link.values import Link, plan_link
from pyk8s.kernel.netlink import Netlink
from pyk8s.kernel.route.fake import FakeRoutes
from pyk8s.kernel.route.run import Routes
from pyk8s.kernel.route.values import Put, Remove, Route, plan
from tests.kernel.spaces import spaces

OURS = 80


@dataclass
class Ground:
    routes: Any
    netns: str

    def run(self, *actions):
        self.routes.run(actions, self.netns)

    def ours(self):
        return {route.destination: route.gateway for route in self.routes.observe(self.netns) if route.protocol == OURS}


@contextmanager
def kernel() -> Iterator[Ground]:
    with spaces(1) as (netns,), Netlink() as netlink:
        Links(netlink).run(plan_link(Link("br0", "bridge", addresses=("10.9.0.1/24", "fd00:9::1/64")), None), netns)
        yield Ground(Routes(netlink), netns)


@contextmanager
def fake() -> Iterator[Ground]:
    yield Ground(FakeRoutes("/here", reachable=lambda gateway: gateway.startswith(("10.9.0.", "fd00:9:"))), "/here")


@pytest.fixture(params=[pytest.param(kernel, marks=pytest.mark.kernel), fake], ids=["kernel", "fake"])
def ground(request):
    with request.param() as made:
        yield made


def test_a_route_that_was_put_is_there(ground):
    ground.run(Put(Route("10.244.1.0/24", "10.9.0.2", protocol=OURS)))
    assert ground.ours() == {"10.244.1.0/24": "10.9.0.2"}


def test_putting_again_replaces(ground):
    ground.run(Put(Route("10.244.1.0/24", "10.9.0.2", protocol=OURS)))
    ground.run(Put(Route("10.244.1.0/24", "10.9.0.3", protocol=OURS)))
    assert ground.ours() == {"10.244.1.0/24": "10.9.0.3"}


def test_both_families_and_the_default_route(ground):
    ground.run(
        Put(Route("0.0.0.0/0", "10.9.0.2", protocol=OURS)),
        Put(Route("fd00:1::/64", "fd00:9::2", protocol=OURS)),
        Put(Route("10.7.0.0/16", device="br0", protocol=OURS)),
    )
    assert ground.ours() == {"0.0.0.0/0": "10.9.0.2", "fd00:1::/64": "fd00:9::2", "10.7.0.0/16": ""}


def test_removing_what_is_there_and_what_is_not(ground):
    route = Route("10.244.1.0/24", "10.9.0.2", protocol=OURS)
    ground.run(Put(route), Remove(route))
    ground.run(Remove(route))
    assert ground.ours() == {}


def test_a_gateway_out_of_reach_is_refused(ground):
    with pytest.raises(Refused):
        ground.run(Put(Route("10.244.1.0/24", "192.0.2.1", protocol=OURS)))
    assert ground.ours() == {}


def test_a_gateway_that_is_said_to_be_on_the_link_is_believed(ground):
    four = Route("10.244.1.0/24", "192.0.2.1", "br0", protocol=OURS, onlink=True)
    six = Route("fd00:1::/64", "2001:db8::1", "br0", protocol=OURS, onlink=True)
    ground.run(Put(four), Put(six))
    observed = ground.routes.observe(ground.netns)
    assert plan([four, six], observed, OURS) == ()
    plain = Route("10.244.1.0/24", "192.0.2.1", "br0", protocol=OURS)
    assert plan([plain, six], observed, OURS) == (Put(plain),)


def test_a_plan_that_was_carried_out_leaves_nothing_to_plan(ground):
    wanted = [Route(f"10.244.{number}.0/24", f"10.9.0.{number}", protocol=OURS) for number in (2, 3, 4)]
    ground.run(*plan(wanted, ground.routes.observe(ground.netns), OURS))
    assert plan(wanted, ground.routes.observe(ground.netns), OURS) == ()
    ground.run(*plan(wanted[:1], ground.routes.observe(ground.netns), OURS))
    assert ground.ours() == {"10.244.2.0/24": "10.9.0.2"}


def test_a_namespace_that_is_not_there_is_absent(ground):
    with pytest.raises(Absent):
        ground.routes.observe("/nowhere/at/all")
