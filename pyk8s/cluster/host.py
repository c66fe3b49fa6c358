"""The host's side of a cluster's network, carried out: its bridge, its rules, the machine's forwarding switch."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyk8s.cluster import links
from pyk8s.cluster.errors import AddressTaken, ClusterError, MachineUnfit
from pyk8s.cluster.links import Host

FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
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


def connect(host: Host) -> None:
    """Make the bridge and the rules; what is there already is left as it is. Call it with `machine_locked`."""
    there = bridges()
    if host.bridge not in there:
        before = links.forwarding_before(there.values(), FORWARDING.read_text().strip())
        _run(["ip", "-batch", "-"], links.bridge_batch(host, before))
    FORWARDING.write_text("1")
    _run(["nft", "-f", "-"], links.rules(host))
    if _drops_forwarded():
        for rule in links.forward_rules(host):
            if subprocess.run(
                ["iptables", "-w", "10", "-C", "FORWARD", *rule], capture_output=True, check=False
            ).returncode:
                _run(["iptables", "-w", "10", "-I", "FORWARD", *rule])


def disconnect(host: Host) -> None:
    """Take bridge, links and rules away and turn the forwarding switch back with the last cluster's."""
    with machine_locked():
        there = bridges()
        for port in _ports(host):
            _run(["ip", "link", "delete", "dev", port], check=False)
        if host.bridge in there:
            _run(["ip", "link", "delete", "dev", host.bridge])
            if len(there) == 1 and links.forwarding_before(there.values(), "1") == "0":
                FORWARDING.write_text("0")
        if host.table in _run(["nft", "list", "tables", "ip"]):
            _run(["nft", "-f", "-"], links.without_rules(host))
        if _drops_forwarded():
            for rule in links.forward_rules(host):
                _run(["iptables", "-w", "10", "-D", "FORWARD", *rule], check=False)


def _ports(host: Host) -> list[str]:
    return [link["ifname"] for link in _links() if link.get("master") == host.bridge]


def _drops_forwarded() -> bool:
    """Whether the machine's FORWARD chain drops what no rule accepts; asked without making the chain."""
    listed = _run(["nft", "list", "ruleset", "ip"], check=False)
    if "hook forward" in listed and "policy drop" in listed:
        return True
    legacy = Path("/proc/net/ip_tables_names")
    if legacy.exists() and "filter" in legacy.read_text().split():
        return "-P FORWARD DROP" in _run(["iptables-legacy", "-S", "FORWARD"], check=False)
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


def is_free(port: int, address: str = "0.0.0.0") -> bool:  # noqa: S104 - asked on all addresses, never served there
    """Whether a server could listen on `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True
