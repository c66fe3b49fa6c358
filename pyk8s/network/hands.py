"""The real hands of one thread: netlink, iptables, nft, sysctls, other plugins."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from pyk8s.kernel import modules
from pyk8s.kernel.errors import Absent
from pyk8s.kernel.iptables.run import Backend, Family, Iptables, probe
from pyk8s.kernel.iptables.values import Tables, Transaction
from pyk8s.kernel.link.run import Links
from pyk8s.kernel.netlink import Netlink
from pyk8s.kernel.netns.run import is_loopback_up, set_loopback, set_sysctl
from pyk8s.kernel.portguard.run import PortGuards
from pyk8s.kernel.qdisc.run import Qdiscs
from pyk8s.kernel.route.run import Routes
from pyk8s.kernel.vlan.run import Vlans
from pyk8s.network.errors import CniError, Code
from pyk8s.network.interface import Hands
from pyk8s.network.networks import Networks
from pyk8s.network.portmap import HostPorts

PLUGIN_SECONDS = 50.0
"""How long another plugin may take: less than the program that waits for us has patience."""


class LazyRules:
    """The rules of this namespace: which backend it uses is asked when there is something to do."""

    def __init__(self, prefer: Backend | None = None, family: Family = 4) -> None:
        self._prefer: Backend | None = prefer
        self._family: Family = family
        self._found: Iptables | None = None

    @property
    def rules(self) -> Iptables:
        """The rules through the backend in use."""
        if self._found is None:
            self._found = Iptables(probe(prefer=self._prefer, family=self._family), self._family)
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


def hands_for(
    state_folder: str | Path, rules: LazyRules | None = None, rules6: LazyRules | None = None
) -> Callable[[Netlink], Hands]:
    """Makes hands for each thread of a process, all of which share what is remembered of rules.

    What outlives a call is recorded below `state_folder`.
    """
    held, held6 = rules or LazyRules(), rules6 or LazyRules(family=6)
    ports = HostPorts(Path(state_folder) / "hostports", held, held6)
    networks = Networks(Path(state_folder) / "masquerade", held, held6)
    return lambda netlink: Hands(
        links=Links(netlink),
        routes=Routes(netlink),
        qdiscs=Qdiscs(netlink),
        vlans=Vlans(netlink),
        ports=ports,
        networks=networks,
        guards=PortGuards(),
        loopbacks=KernelLoopbacks(),
        inside=netlink.inside,
        own=is_own_namespace,
        sysctl=_set_sysctl,
        programs=run_program,
    )


def make_hands(
    netlink: Netlink, state_folder: str | Path, rules: LazyRules | None = None, rules6: LazyRules | None = None
) -> Hands:
    """The hands of the only thread of a process."""
    return hands_for(state_folder, rules, rules6)(netlink)


def is_own_namespace(netns: str) -> bool:
    """Whether the path `netns` is the calling thread's own network namespace."""
    try:
        there, here = Path(netns).stat(), Path("/proc/thread-self/ns/net").stat()
    except OSError:
        return False
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)


def run_program(program: str, environment: Mapping[str, str], document: bytes) -> tuple[int, bytes]:
    """Run another plugin: exit code and standard output. Raises CniError 11 when it takes too long."""
    everything = {"PATH": os.environ.get("PATH", os.defpath), **environment}
    try:
        done = subprocess.run(
            [program], input=document, env=everything, capture_output=True, timeout=PLUGIN_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as why:
        raise CniError(Code.TRY_AGAIN, f"{program} did not answer", f"within {PLUGIN_SECONDS:.0f} s") from why
    except OSError as why:
        raise CniError(Code.INTERNAL, f"{program} cannot be run", str(why)) from why
    return done.returncode, done.stdout


def _set_sysctl(name: str, value: str) -> None:
    """Set it; what bridges do with packets can be set only once the kernel has the module for it."""
    try:
        set_sysctl(name, value)
    except Absent:
        if not name.startswith("net/bridge/"):
            raise
        modules.load("br_netfilter")
        set_sysctl(name, value)
