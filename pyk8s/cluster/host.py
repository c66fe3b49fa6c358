"""The host's side of a cluster's network, carried out: its bridge, its rules, the machine's forwarding switches."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pyk8s.cluster import links
from pyk8s.cluster.errors import AddressTaken, ClusterError, MachineUnfit
from pyk8s.cluster.links import Host

FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
CONF6 = Path("/proc/sys/net/ipv6/conf")
SWITCHES = {4: ("ip_forward", FORWARDING), 6: ("ipv6_forward", CONF6 / "all" / "forwarding")}
"""For each family the name of the machine's forwarding switch in a bridge's alias, and its file."""

LISTENING = "ra"
"""The name in a bridge's alias of the links that have been told to listen to routers although the machine forwards."""

PROGRAMS = {4: "iptables", 6: "ip6tables"}
SECONDS = 30


@contextlib.contextmanager
def machine_locked() -> Iterator[None]:
    """Alone on this machine while networks are picked or the forwarding switch is turned; no file is left behind."""
    handle = os.open("/run", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _run(argv: list[str], text: str = "", *, check: bool = True) -> str:
    try:
        done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as why:
        raise MachineUnfit(f"{argv[0]} cannot be run: {why}") from why
    if check and done.returncode != 0:
        raise ClusterError(f"{' '.join(argv)} failed: {(done.stderr or done.stdout).strip() or done.returncode}")
    return done.stdout


def _links() -> list[dict[str, Any]]:
    return list(json.loads(_run(["ip", "-json", "link", "show"]) or "[]"))


def bridges() -> dict[str, str]:
    """The bridges of all our clusters on this machine: name -> alias."""
    return {link["ifname"]: link.get("ifalias", "") for link in _links() if link["ifname"].startswith("pkb")}


def pick_subnet() -> str:
    """A /24 that nothing on this machine uses; call it with `machine_locked`. Raises AddressTaken."""
    routes = json.loads(_run(["ip", "-json", "-4", "route", "show", "table", "all"]) or "[]")
    subnet = links.free_subnet(links.used_networks(routes))
    if subnet is None:
        raise AddressTaken(f"every /24 of {links.CANDIDATES} is in use: remove a cluster or a route (see `ip route`)")
    return subnet


def require_ipv6() -> None:
    """Raises MachineUnfit when this machine has no IPv6, or gives new links none."""
    if not CONF6.is_dir():
        raise MachineUnfit(
            "this machine's kernel has no IPv6 (/proc/sys/net/ipv6 is missing): start it without ipv6.disable=1, or "
            "make the cluster with --ip-family ipv4"
        )
    if (CONF6 / "default" / "disable_ipv6").read_text().strip() == "1":
        raise MachineUnfit(
            "this machine gives new links no IPv6: `sysctl -w net.ipv6.conf.default.disable_ipv6=0`, or make the "
            "cluster with --ip-family ipv4"
        )


def connect(host: Host) -> None:
    """Make the bridge and the rules; what is there already is left as it is. Call it with `machine_locked`."""
    there = bridges()
    if host.bridge not in there:
        _run(["ip", "-batch", "-"], links.bridge_batch(host, _before(host, there.values())))
    _turn_on(host, bridges()[host.bridge])
    _run(["nft", "-f", "-"], links.rules(host))
    for family in host.families:
        if not _drops_forwarded(family):
            continue
        command = [PROGRAMS[family], "-w", "10"]
        for rule in links.forward_rules(host):
            if subprocess.run([*command, "-C", "FORWARD", *rule], capture_output=True, check=False).returncode:
                _run([*command, "-I", "FORWARD", *rule])


def disconnect(host: Host) -> None:
    """Take bridge, links and rules away and turn each forwarding switch back with the last cluster that needs it."""
    with machine_locked():
        there = bridges()
        for port in _ports(host):
            _run(["ip", "link", "delete", "dev", port], check=False)
        if host.bridge in there:
            _run(["ip", "link", "delete", "dev", host.bridge])
            _turn_back(there.pop(host.bridge), there.values())
        for family in (4, 6):
            if host.table in _run(["nft", "list", "tables", links.protocol(family)]):
                _run(["nft", "-f", "-"], links.without_rules(host, family))
            if _drops_forwarded(family):
                for rule in links.forward_rules(host):
                    _run([PROGRAMS[family], "-w", "10", "-D", "FORWARD", *rule], check=False)


def _before(host: Host, aliases: Iterable[str]) -> dict[str, str]:
    """What each switch that the cluster needs was before the first cluster turned it."""
    before = {}
    aliases = list(aliases)
    for family in host.families:
        name, file = SWITCHES[family]
        before[name] = links.said(aliases, name) or file.read_text().strip()
    if 6 in host.families:
        listening = links.said(aliases, LISTENING)
        before[LISTENING] = ",".join(_listening()) if listening is None else listening
    return before


def _listening() -> list[str]:
    """The links that would lose their way out when the machine begins to forward."""
    learned = links.learned_routers(json.loads(_run(["ip", "-json", "-6", "route", "show", "default"]) or "[]"))
    return [link for link in learned if (CONF6 / link / "accept_ra").read_text().strip() == "1"]


def _turn_on(host: Host, alias: str) -> None:
    for link in filter(None, (links.said([alias], LISTENING) or "").split(",")):
        _write(CONF6 / link / "accept_ra", "2")
    for family in host.families:
        SWITCHES[family][1].write_text("1")


def _turn_back(alias: str, others: Iterable[str]) -> None:
    """Turn back the switches that `alias` speaks of and none of the `others` does."""
    others = list(others)
    for name, file in SWITCHES.values():
        if links.said([alias], name) == "0" and links.said(others, name) is None:
            file.write_text("0")
    if links.said(others, LISTENING) is None:
        for link in filter(None, (links.said([alias], LISTENING) or "").split(",")):
            _write(CONF6 / link / "accept_ra", "1")


def _write(file: Path, value: str) -> None:
    # A link that has gone meanwhile has nothing to be told.
    with contextlib.suppress(FileNotFoundError):
        file.write_text(value)


def _ports(host: Host) -> list[str]:
    return [link["ifname"] for link in _links() if link.get("master") == host.bridge]


def _drops_forwarded(family: int) -> bool:
    """Whether the machine's FORWARD chain drops what no rule accepts; asked without making the chain."""
    ip = links.protocol(family)
    listed = _run(["nft", "list", "ruleset", ip], check=False)
    if "hook forward" in listed and "policy drop" in listed:
        return True
    legacy = Path(f"/proc/net/{ip}_tables_names")
    if legacy.exists() and "filter" in legacy.read_text().split():
        return "-P FORWARD DROP" in _run([f"{PROGRAMS[family]}-legacy", "-S", "FORWARD"], check=False)
    return False


def free_ports(count: int, first: int = 20000, last: int = 29999) -> list[int]:
    """`count` TCP ports that nobody listens on, from below those that outgoing connections are given. Raises
    AddressTaken.

    They are looked for from a place that differs between clusters, so that two made at once rarely want the same.
    """
    found: list[int] = []
    span = last - first + 1
    start = int.from_bytes(os.urandom(2), "little") % span
    for step in range(span):
        port = first + (start + step) % span
        if is_free(port):
            found.append(port)
            if len(found) == count:
                return found
    raise AddressTaken(f"no {count} free TCP ports between {first} and {last}")


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now, on every address."""
    families = [(socket.AF_INET, "0.0.0.0")]  # noqa: S104 - asked on all addresses, never served there
    if CONF6.is_dir():
        families.append((socket.AF_INET6, "::"))
    return all(_can_bind(family, address, port) for family, address in families)


def _can_bind(family: socket.AddressFamily, address: str, port: int) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True
