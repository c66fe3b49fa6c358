"""The links, addresses and rules of a cluster on its host, as the texts that `ip -batch` and `nft -f` read: values
only.

Every name begins with `pk` and carries the cluster's ten hex digits, so that what is ours can be told on sight and by
program. The bridge's alias keeps what the machine's forwarding switch was before the first cluster: it is the one place
that lives exactly as long as the change does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

CANDIDATES = IPv4Network("172.28.0.0/14")
"""Where a cluster's /24 is looked for: at the end of 172.16/12, of which Docker takes from the beginning."""

ALIAS = "pyk8s cluster "


@dataclass(frozen=True, slots=True)
class Host:
    """What a cluster needs on its host: the bridge's name, its network, and the cluster's name and id."""

    cluster: str
    id: str
    subnet: str

    @property
    def bridge(self) -> str:
        """The bridge's name: 13 characters of the 15 there may be."""
        return f"pkb{self.id}"

    @property
    def gateway(self) -> str:
        """The host's address on the bridge."""
        return str(IPv4Network(self.subnet)[1])

    @property
    def table(self) -> str:
        """The name of its table of rules."""
        return f"pyk8s_{self.id}"

    def port(self, node: str) -> str:
        """The host's end of a node's link."""
        return "pkv" + hashlib.sha256(f"{self.id}/{node}".encode()).hexdigest()[:10]


def free_subnet(used: Iterable[str], candidates: IPv4Network = CANDIDATES) -> str | None:
    """The first /24 of `candidates` that overlaps none of `used` (networks or addresses); None when all do."""
    taken = [IPv4Network(each, strict=False) for each in used]
    for subnet in candidates.subnets(new_prefix=24):
        if not any(subnet.overlaps(other) for other in taken):
            return str(subnet)
    return None


def used_networks(routes: Iterable[Mapping[str, object]]) -> list[str]:
    """The destinations in what `ip -json -4 route show table all` prints, but the default route."""
    destinations = (str(route.get("dst", "default")) for route in routes)
    return [destination for destination in destinations if destination not in ("default", "0.0.0.0/0")]


def node_address(subnet: str, used: Iterable[str]) -> str | None:
    """The lowest address of a node in `subnet` that is not in `used`: from .11 on; None when there is none left."""
    taken = set(used)
    addresses = (str(IPv4Network(subnet)[number]) for number in range(11, 251))
    return next((address for address in addresses if address not in taken), None)


def bridge_batch(host: Host, forwarding_before: str) -> str:
    """Commands that make the bridge, for `ip -batch`; `forwarding_before` is "0" or "1"."""
    return (
        f"link add name {host.bridge} type bridge forward_delay 0\n"
        f'link set dev {host.bridge} alias "{ALIAS}{host.cluster} ip_forward={forwarding_before}"\n'
        f"address add {host.gateway}/24 dev {host.bridge}\n"
        f"link set dev {host.bridge} up\n"
    )


def forwarding_before(aliases: Iterable[str], now: str) -> str:
    """What the forwarding switch was before the first of our clusters: what a bridge's alias says, else `now`."""
    for alias in aliases:
        if alias.startswith(ALIAS) and "ip_forward=" in alias:
            return alias.rsplit("ip_forward=", 1)[1][:1]
    return now


def node_batch_outside(host: Host, node: str) -> str:
    """Commands for the host's namespace: a link between the bridge and the namespace of a process whose number is put
    for PID."""
    port = host.port(node)
    return (
        f"link add name {port} type veth peer name eth0 netns PID\n"
        f'link set dev {port} alias "pyk8s node {node} of {host.cluster}"\n'
        f"link set dev {port} master {host.bridge}\n"
        f"link set dev {port} up\n"
    )


def node_batch_inside(host: Host, address: str) -> str:
    """Commands for the node's namespace: its loopback, its address, its way out."""
    return (
        "link set dev lo up\n"
        f"address add {address}/24 dev eth0\n"
        "link set dev eth0 up\n"
        f"route add default via {host.gateway}\n"
    )


def rules(host: Host) -> str:
    """The table that lets nodes reach what their host reaches, for `nft -f`; putting it in twice is the same as
    once."""
    return (
        f"add table ip {host.table}\n"
        f"delete table ip {host.table}\n"
        f"table ip {host.table} {{\n"
        f'  comment "pyk8s cluster {host.cluster}"\n'
        "  chain postrouting {\n"
        "    type nat hook postrouting priority srcnat; policy accept;\n"
        f"    ip saddr {host.subnet} ip daddr != {host.subnet} masquerade\n"
        "  }\n"
        "}\n"
    )


def without_rules(host: Host) -> str:
    """The change that takes the table away, whether or not it is there, for `nft -f`."""
    return f"add table ip {host.table}\ndelete table ip {host.table}\n"


def forward_rules(host: Host) -> tuple[tuple[str, ...], ...]:
    """Rules for the FORWARD chain of a machine whose policy there is to drop (Docker sets it so), as iptables'
    arguments."""
    tag = ("-m", "comment", "--comment", f"pyk8s cluster {host.cluster} {host.id}", "-j", "ACCEPT")
    return (("-i", host.bridge, *tag), ("-o", host.bridge, *tag))


def resolvers(*texts: str) -> str:
    """A node's resolv.conf from those of its host, best first: the first that names a server which is not the host
    itself.

    A resolver on 127.0.0.0/8 or ::1 cannot be reached from a node; search lists and options are kept.
    """
    for text in texts:
        lines = [line.strip() for line in text.splitlines()]
        servers = [line for line in lines if line.startswith("nameserver") and not _is_loopback(line.split()[-1])]
        if servers:
            others = [line for line in lines if line.split(" ")[0] in ("search", "domain", "options")]
            return "\n".join(servers + others) + "\n"
    return "# This machine's resolver listens on loopback only, where a node cannot reach it.\n"


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def hosts(name: str, address: str) -> str:
    """A node's /etc/hosts."""
    return f"127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n{address} {name}\n"
