"""The way that a real kernel takes to an address."""

import pytest

from pyk8s.kernel.errors import Refused
from pyk8s.kernel.link.run import run as run_links
from pyk8s.kernel.link.values import Add, AddAddress, Change, Link
from pyk8s.kernel.netlink import Netlink
from pyk8s.kernel.netns.run import set_sysctl
from pyk8s.kernel.route.run import Routes
from pyk8s.kernel.route.values import Put, Route

pytestmark = pytest.mark.kernel


@pytest.fixture
def node(netns):
    """A namespace that forwards between two links, with a route behind one."""
    for name, address in (("pods", "10.244.0.1/24"), ("nodes", "172.30.0.2/24")):
        run_links((Add(Link(name, "bridge")), AddAddress(name, address), Change(name, up=True)), netns)
    set_sysctl("net/ipv4/ip_forward", "1", netns)
    set_sysctl("net/ipv4/conf/all/rp_filter", "0", netns)
    with Netlink() as netlink:
        routes = Routes(netlink)
        routes.run((Put(Route("10.244.1.0/24", "172.30.0.3")),), netns)
        yield routes, netns


def test_a_packet_of_the_node_goes_through_the_route_that_fits(node):
    routes, netns = node
    found = routes.look_up("10.244.1.9", netns)
    assert (found.gateway, found.device, found.source) == ("172.30.0.3", "nodes", "172.30.0.2")
    assert routes.look_up("10.244.0.9", netns).device == "pods"


def test_an_address_of_the_node_itself_goes_by_the_loopback(node):
    routes, netns = node
    assert routes.look_up("172.30.0.2", netns).device == "lo"


def test_a_packet_that_comes_in_goes_on(node):
    routes, netns = node
    found = routes.look_up("10.244.1.9", netns, source="10.244.0.5", link="pods")
    assert (found.gateway, found.device) == ("172.30.0.3", "nodes")


def test_where_no_route_leads_is_refused(node):
    routes, netns = node
    with pytest.raises(Refused, match=r"find the way to 203\.0\.113\.9"):
        routes.look_up("203.0.113.9", netns)
