"""The hands of a CNI command on fakes: a kernel in dictionaries, host ports on fake rules."""

from contextlib import nullcontext

from pyk8s.kernel.iptables.fake import FakeIptables
from pyk8s.kernel.link.fake import FakeLinks
from pyk8s.kernel.route.fake import FakeRoutes
from pyk8s.network.commands import Hands
from pyk8s.network.portmap import HostPorts


class FakeLoopbacks:
    """Loopback links as a set of namespaces where they are up."""

    def __init__(self):
        self.up = set()

    def switch(self, netns, up):
        (self.up.add if up else self.up.discard)(netns)

    def is_up(self, netns):
        return netns in self.up


class FakeHands(Hands):
    """Hands on fakes; `rules`, `sysctls` and `masqueraded` tell what was done. `pods` are the namespaces there are."""

    def __init__(self, folder, *pods):
        self.rules = FakeIptables()
        self.sysctls = {}
        self.masqueraded = []
        super().__init__(
            links=FakeLinks(*pods),
            routes=FakeRoutes(*pods),
            ports=HostPorts(folder / "hostports", self.rules),
            loopbacks=FakeLoopbacks(),
            inside=lambda netns: nullcontext(),
            isolated=lambda conf: self.masqueraded.append(conf.name),
            sysctl=self.sysctls.__setitem__,
        )
