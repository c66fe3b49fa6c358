"""A node whose kernel is made of fakes, and rulesets for it."""

from pyk8s.kernel.ipset.fake import FakeSets
from pyk8s.kernel.iptables.fake import FakeIptables
from pyk8s.kernel.ipvs.fake import FakeIpvs
from pyk8s.kernel.link.fake import FakeLinks
from pyk8s.kernel.link.values import Add, Link, Remove
from pyk8s.proxy.ipvs.backend import Hands
from pyk8s.proxy.ipvs.trace import Values
from tests.proxy import flows

LOCAL = {
    "here": (flows.NODE, flows.BRIDGE, flows.SELF),
    "there": (flows.OTHER, flows.BRIDGE_THERE),
}


def settings(family=4, node="here", **more):
    """Those of the packet table; IPVS must be told at which addresses node ports answer."""
    addresses = tuple(flows.in_family(each, family) for each in LOCAL[node])
    return flows.settings(family, **({"node_ports_on": addresses} | more))


class FakePlaces:
    """The link of the services' addresses, in a fake."""

    def __init__(self):
        self.links = FakeLinks()

    def observe(self, link):
        if not self.links.index(link):
            self.links.run((Remove(link),))  # raises what the kernel would
        return frozenset(self.links.observe()[link].addresses)

    def run(self, actions):
        self.links.run(tuple(actions))

    def make(self, link):
        self.links.run((Add(Link(link, "dummy", up=False)),))

    def remove(self, link):
        self.links.run((Remove(link),))


def fake_hands(family=4):
    """The four parts of a kernel, all fakes."""
    return Hands(family, FakeIpvs(), FakeSets(), FakeIptables(), FakePlaces())


def state(hands):
    """All that a kernel of fakes has, comparable."""
    seen = hands.survey()
    return seen.servers, seen.sets, seen.addresses, hands.rules.tables


def values(hands):
    """What the tracer walks over."""
    seen = hands.survey()
    return Values(hands.rules.tables, seen.sets, seen.servers, seen.addresses)


def served(packet, fate, otherwise):
    """What the table says; `otherwise` of what IPVS cannot do: node ports at 127.0.0.1, which its packets never leave
    for elsewhere. kube-proxy's ipvs mode has none there either."""
    return otherwise if packet.destination == "127.0.0.1" else fate
