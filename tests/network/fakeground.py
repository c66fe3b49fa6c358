"""The parts of a kernel that a node's network is made of, in dictionaries."""

from pyk8s.kernel.iptables.fake import FakeIptables
from pyk8s.kernel.link.fake import FakeLinks
from pyk8s.kernel.neighbour.fake import FakeNeighbours
from pyk8s.kernel.pair.fake import FakePairs
from pyk8s.kernel.route.fake import FakeRoutes
from pyk8s.network.networks import Networks
from pyk8s.network.portmap import HostPorts


class FakeGround:
    """A `Ground`; `rules` (by family) and `sysctls` tell what was done. `pods` are the namespaces there are."""

    def __init__(self, folder, *pods):
        self.rules = {4: FakeIptables(), 6: FakeIptables()}
        self.sysctls = {}
        self.links = FakeLinks(*pods)
        self.routes = FakeRoutes(*pods)
        self.neighbours = FakeNeighbours(self.links.spaces)
        self.pairs = FakePairs(self.links)
        self.ports = HostPorts(folder / "hostports", self.rules[4], self.rules[6])
        self.networks = Networks(folder / "masquerade", self.rules[4], self.rules[6])
        self.sysctl = self.sysctls.__setitem__
