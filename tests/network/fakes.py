"""The hands of a CNI command on fakes: a kernel in dictionaries, host ports on fake rules, plugins as functions."""

from contextlib import nullcontext

from pyk8s.kernel.iptables.fake import FakeIptables
from pyk8s.kernel.link.fake import FakeLinks
from pyk8s.kernel.portguard.fake import FakePortGuards
from pyk8s.kernel.qdisc.fake import FakeQdiscs
from pyk8s.kernel.route.fake import FakeRoutes
from pyk8s.kernel.vlan.fake import FakeVlans
from pyk8s.network.interface import Hands
from pyk8s.network.networks import Networks
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
    """Hands on fakes; `rules`, `rules6` and `sysctls` tell what was done. `pods` are the namespaces there are.

    `answers` maps a command to what another plugin answers, exit code and output; `asked` is what it was asked.
    """

    def __init__(self, folder, *pods):
        self.rules, self.rules6 = FakeIptables(), FakeIptables()
        self.sysctls = {}
        self.answers, self.asked = {}, []
        links = FakeLinks(*pods)
        super().__init__(
            links=links,
            routes=FakeRoutes(*pods),
            qdiscs=FakeQdiscs(lambda link: link in links.spaces[""]),
            vlans=FakeVlans(lambda link: link in links.spaces[""]),
            ports=HostPorts(folder / "hostports", self.rules, self.rules6),
            networks=Networks(folder / "masquerade", self.rules, self.rules6),
            guards=FakePortGuards(),
            loopbacks=FakeLoopbacks(),
            inside=lambda netns: nullcontext(),
            own=lambda netns: netns == "/ns/host",
            sysctl=self.sysctls.__setitem__,
            programs=self._program,
        )

    def _program(self, program, environment, document):
        self.asked.append((program, environment["CNI_COMMAND"], document))
        return self.answers.get(environment["CNI_COMMAND"], (0, b""))
