"""The real hands of one thread: netlink, iptables, sysctls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pyk8s.kernel import modules
from pyk8s.kernel.errors import Absent
from pyk8s.kernel.iptables.run import Backend, Iptables, probe
from pyk8s.kernel.iptables.values import Chains, Insert, Put, Rule, Tables, Transaction, plan_jumps
from pyk8s.kernel.link.run import Links
from pyk8s.kernel.netlink import Netlink
from pyk8s.kernel.netns.run import is_loopback_up, set_loopback, set_sysctl
from pyk8s.kernel.route.run import Routes
from pyk8s.network.calls import NetConf
from pyk8s.network.commands import Hands
from pyk8s.network.masquerade import JUMPS, MASQUERADE, plan_masquerade
from pyk8s.network.plan import ranges_of
from pyk8s.network.portmap import HostPorts


class LazyRules:
    """The rules of this namespace: which backend it uses is asked when there is something to do."""

    def __init__(self, prefer: Backend | None = None) -> None:
        self._prefer: Backend | None = prefer
        self._found: Iptables | None = None

    @property
    def rules(self) -> Iptables:
        """The rules through the backend in use."""
        if self._found is None:
            self._found = Iptables(probe(prefer=self._prefer))
        return self._found

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`."""
        self.rules.run(transaction)

    def observe(self, *tables: str) -> Tables:
        """The chains of `tables`."""
        return self.rules.observe(*tables)


class KernelLoopbacks:
    """The loopback links of this kernel."""

    def switch(self, netns: str, up: bool) -> None:
        """On or off."""
        set_loopback(netns, up=up)

    def is_up(self, netns: str) -> bool:
        """Whether it is on."""
        return is_loopback_up(netns)


def make_hands(netlink: Netlink, state_folder: str | Path, rules: LazyRules | None = None) -> Hands:
    """The hands of the thread that uses `netlink`; host ports are recorded below `state_folder`."""
    held = rules or LazyRules()
    return Hands(
        links=Links(netlink),
        routes=Routes(netlink),
        ports=HostPorts(Path(state_folder) / "hostports", held),
        loopbacks=KernelLoopbacks(),
        inside=netlink.within,
        isolated=_masquerading(held),
        sysctl=_set_sysctl,
    )


def _set_sysctl(name: str, value: str) -> None:
    """Set it; what bridges do with packets can be set only once the kernel has the module for it."""
    try:
        set_sysctl(name, value)
    except Absent:
        if not name.startswith("net/bridge/"):
            raise
        modules.load("br_netfilter")
        set_sysctl(name, value)


def _masquerading(rules: LazyRules) -> Callable[[NetConf], None]:
    def masquerade(conf: NetConf) -> None:
        """Let the pods of one network that has no agent reach the world: one chain for all such networks, added to."""
        subnets = [str(subnet) for subnet in ranges_of(conf.pools) if subnet.version == 4]
        observed = rules.observe("nat")
        wanted = plan_masquerade(subnets, subnets, (), family=4)["nat"][MASQUERADE]
        rules.run(_additions(wanted, observed["nat"]))
        place = ("nat", "POSTROUTING")
        rules.run(plan_jumps({place: JUMPS[place]}, observed, first=False))

    return masquerade


def _additions(wanted: tuple[Rule, ...], chains: Chains) -> Transaction:
    held = chains.get(MASQUERADE)
    missing = [rule for rule in wanted if held is None or rule not in held]
    if held is None:
        return (Put("nat", MASQUERADE, tuple(missing)),)
    return tuple(Insert("nat", MASQUERADE, rule) for rule in reversed(missing))
