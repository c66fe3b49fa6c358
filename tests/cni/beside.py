"""Two hosts side by side: in one the reference plugins of Debian's package answer, in the other ours, to the same call.

What both leave behind is told in the same words, with names and MACs that each may choose left out.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyk8s.kernel.netlink import Netlink
from pyk8s.kernel.netns.run import entered
from pyk8s.network.hands import make_hands
from pyk8s.network.program import answer
from tests.kernel.spaces import inside, spaces

REFERENCE = Path("/usr/lib/cni")
"""Where Debian's package containernetworking-plugins lies."""

Told = dict[str, Any]


@dataclass
class Host:
    """One host: its namespace, its pods' namespaces, its folder; `call` runs a plugin there."""

    ours: bool
    netns: str
    pods: list[str]
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def call(
        self, command: str, conf: Told | bytes, *, pod: int = 0, plugin: str = "bridge", **variables: str | None
    ) -> tuple[int, Told]:
        """Run `plugin`, or ours in its place when it is bridge; exit code and decoded output ({} for none)."""
        environment = {
            "CNI_COMMAND": command,
            "CNI_CONTAINERID": f"c{pod}",
            "CNI_NETNS": self.pods[pod],
            "CNI_IFNAME": "eth0",
            "CNI_PATH": str(REFERENCE),
        } | variables
        environment = {name: value for name, value in environment.items() if value is not None}
        document = conf if isinstance(conf, bytes) else json.dumps(self.placed(conf)).encode()
        if self.ours and plugin == "bridge":
            code, output = self._answer(environment, document)
        else:
            code, output = self._run(plugin, environment, document)
        return code, json.loads(output) if output.strip() else {}

    def placed(self, conf: Told) -> Told:
        """`conf` with the host's own folder in place of FOLDER."""
        placed: Told = json.loads(json.dumps(conf).replace("FOLDER", str(self.folder)))
        return placed

    def _answer(self, environment: dict[str, str], document: bytes) -> tuple[int, bytes]:
        with entered(self.netns), Netlink() as netlink:
            return answer(environment, document, make_hands(netlink, self.folder / "state"))

    def _run(self, plugin: str, environment: dict[str, str], document: bytes) -> tuple[int, bytes]:
        words = ["nsenter", f"--net={self.netns}", str(REFERENCE / plugin)]
        whole = environment | {"PATH": os.environ["PATH"]}
        done = subprocess.run(words, input=document, env=whole, capture_output=True, timeout=60, check=False)
        return done.returncode, done.stdout

    def look(self, command: str, pod: int | None = None) -> Any:
        """What an `ip -j` or `tc -j` command says on the host, or in a pod."""
        return json.loads(inside(self.netns if pod is None else self.pods[pod], *command.split()) or "[]")


@contextmanager
def side_by_side(folder: Path, pods: int = 1) -> Iterator[tuple[Host, Host]]:
    """The host of the reference plugins and ours, with so many pods each."""
    with spaces(2 * (1 + pods)) as made:
        hosts = []
        for number, name in enumerate(("theirs", "ours")):
            (folder / name).mkdir()
            start = number * (1 + pods)
            hosts.append(Host(name == "ours", made[start], made[start + 1 : start + 1 + pods], folder / name))
        yield hosts[0], hosts[1]


def plain(host: Host, result: Told) -> Told:
    """A result without what each plugin may choose: names of links on the host, MACs."""
    text = json.dumps(result)
    for number, pod in enumerate(host.pods):
        text = text.replace(pod, f"POD{number}")
    told: Told = json.loads(text)
    for each in told.get("interfaces", ()):
        each["name"] = re.sub(r"^(veth|bwp)[0-9a-f]+$", r"\1", each["name"])
        assert re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", each.pop("mac"))
    return told


def pod_side(host: Host, pod: int = 0, link: str = "eth0") -> Told:
    """The pod's end: state, MTU, addresses, routes."""
    links = {each["ifname"]: each for each in host.look("ip -j addr", pod)}
    routes = [*host.look("ip -j route", pod), *host.look("ip -j -6 route", pod)]
    seen = links.get(link)
    return {
        "link": seen and {"mtu": seen["mtu"], "up": "UP" in seen["flags"], "addresses": _addresses(seen)},
        "routes": sorted(
            (each["dst"], each.get("gateway", ""), each.get("dev", ""))
            for each in routes
            if not each["dst"].startswith(("fe80", "ff00", "multicast"))
        ),
    }


def host_side(host: Host, bridge: str) -> Told:
    """The bridge and its ports."""
    links = {each["ifname"]: each for each in host.look("ip -j -d addr")}
    seen = links.get(bridge)
    ports = [each for each in links.values() if each.get("master") == bridge]
    return {
        "bridge": seen
        and {
            "kind": seen.get("linkinfo", {}).get("info_kind"),
            "mtu": seen["mtu"],
            "up": "UP" in seen["flags"],
            "promiscuous": seen["promiscuity"] > 0 and "PROMISC" in seen["flags"],
            "addresses": _addresses(seen),
        },
        "ports": [
            {
                "mtu": each["mtu"],
                "up": "UP" in each["flags"],
                "hairpin": each["linkinfo"]["info_slave_data"]["hairpin"],
            }
            for each in ports
        ],
        "shaped": sorted(_shaping(host, each) for each in links if each != "lo"),
        "forwarding": [
            inside(host.netns, "cat", f"/proc/sys/net/{each}").strip()
            for each in ("ipv4/ip_forward", "ipv6/conf/all/forwarding")
        ],
        "names": sorted(re.sub(r"^(veth|bwp)[0-9a-f]+$", r"\1", each) for each in links),
    }


def _addresses(link: Told) -> list[str]:
    return sorted(f"{each['local']}/{each['prefixlen']}" for each in link["addr_info"] if each["scope"] != "link")


def _shaping(host: Host, link: str) -> list[Any]:
    options = [each["options"] for each in host.look(f"tc -j qdisc show dev {link}") if each["kind"] == "tbf"]
    return [[each["rate"], each["burst"], each["lat"]] for each in options]


def leases(host: Host, network: str = "net") -> dict[str, str]:
    """host-local's folder: the names of its files, and what they hold."""
    folder = host.folder / "networks" / network
    files = [each for each in folder.iterdir() if not each.name.startswith(".")] if folder.is_dir() else []
    return {each.name: each.read_text() for each in files if each.name != "lock"}
