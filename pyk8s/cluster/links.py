"""The links, addresses and rules of a cluster on its host, as the texts that `ip -batch` and `nft -f` read: values
only.

Every name begins with `pk` and carries the cluster's ten hex digits, so that what is ours can be told on sight and by
program. The bridge's alias keeps what the machine's forwarding switches were before the first cluster: it is the one
place that lives exactly as long as the change does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network

from pyk8s.cluster.families import version

CANDIDATES = IPv4Network("172.28.0.0/14")
"""Where a cluster's /24 is looked for: at the end of 172.16/12, of which Docker takes from the beginning."""

ALIAS = "pyk8s cluster "


@dataclass(frozen=True, slots=True)
class Host:
    """What a cluster needs on its host: the bridge's name, its networks (one of each family), and the cluster's name
    and id."""

    cluster: str
    id: str
    subnets: tuple[str, ...]

    @property
    def bridge(self) -> str:
        """The bridge's name: 13 characters of the 15 there may be."""
        return f"pkb{self.id}"

    @property
    def families(self) -> tuple[int, ...]:
        """4, 6 or both."""
        return tuple(version(subnet) for subnet in self.subnets)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The host's addresses on the bridge, with their prefix lengths."""
        return tuple(interface(subnet, 1) for subnet in self.subnets)

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
    """The lowest address of a node in `subnet` that is not in `used`: from the 11th on; None when there is none
    left."""
    taken = set(used)
    addresses = (str(ip_network(subnet)[number]) for number in range(11, 251))
    return next((address for address in addresses if address not in taken), None)


def interface(subnet: str, number: int) -> str:
    """An address of `subnet` with its prefix length, "172.28.3.1/24"."""
    network = ip_network(subnet)
    return f"{network[number]}/{network.prefixlen}"


def bridge_batch(host: Host, before: Mapping[str, str]) -> str:
    """Commands that make the bridge, for `ip -batch`; `before` says what each switch was that is turned for it."""
    said = " ".join(f"{name}={value}" for name, value in before.items())
    return (
        f"link add name {host.bridge} type bridge forward_delay 0\n"
        f'link set dev {host.bridge} alias "{ALIAS}{host.cluster} {said}"\n'
        + "".join(f"address add {address} dev {host.bridge}{_at_once(address)}\n" for address in host.addresses)
        + f"link set dev {host.bridge} up\n"
    )


def _at_once(address: str) -> str:
    # An IPv6 address is of no use while the kernel asks for a second whether somebody else has it.
    return " nodad" if version(address) == 6 else ""


def said(aliases: Iterable[str], switch: str) -> str | None:
    """What a switch was before the first of our clusters turned it, as a bridge's alias says; None when none does."""
    for alias in aliases:
        if alias.startswith(ALIAS):
            for word in alias.split():
                name, equals, value = word.partition("=")
                if equals and name == switch:
                    return value
    return None


def learned_routers(routes: Iterable[Mapping[str, object]]) -> list[str]:
    """The links whose way out the routers announce, in what `ip -json -6 route show default` prints: a machine that
    forwards no longer listens to announcements, unless it is told to for each link."""
    return sorted({str(route["dev"]) for route in routes if route.get("protocol") == "ra" and "dev" in route})


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


def node_batch_inside(host: Host, addresses: Iterable[str]) -> str:
    """Commands for the node's namespace: its loopback, its addresses, its ways out."""
    lengths = {version(subnet): ip_network(subnet).prefixlen for subnet in host.subnets}
    added = [
        f"address add {one}/{lengths[version(one)]} dev eth0{_at_once(one)}\n"
        for one in addresses
        if version(one) in lengths
    ]
    ways = [f"route add default via {one.split('/')[0]}\n" for one in host.addresses]
    return "".join(("link set dev lo up\n", *added, "link set dev eth0 up\n", *ways))


def rules(host: Host) -> str:
    """The tables that let nodes reach what their host reaches, for `nft -f`; putting them in twice is the same as
    once."""
    return "".join(_rules(host, subnet) for subnet in host.subnets)


def _rules(host: Host, subnet: str) -> str:
    ip = protocol(version(subnet))
    return (
        f"add table {ip} {host.table}\n"
        f"delete table {ip} {host.table}\n"
        f"table {ip} {host.table} {{\n"
        f'  comment "pyk8s cluster {host.cluster}"\n'
        "  chain postrouting {\n"
        "    type nat hook postrouting priority srcnat; policy accept;\n"
        f"    {ip} saddr {subnet} {ip} daddr != {subnet} masquerade\n"
        "  }\n"
        "}\n"
    )


def protocol(family: int) -> str:
    """nft's name of a family."""
    return "ip6" if family == 6 else "ip"


def without_rules(host: Host, family: int) -> str:
    """The change that takes the table of one family away, whether or not it is there, for `nft -f`."""
    ip = protocol(family)
    return f"add table {ip} {host.table}\ndelete table {ip} {host.table}\n"


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


def hosts(name: str, addresses: Iterable[str]) -> str:
    """A node's /etc/hosts."""
    own = "".join(f"{address} {name}\n" for address in addresses)
    return f"127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n{own}"
