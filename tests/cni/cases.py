"""Inputs for two plugins side by side: configurations, arguments, damage; and what is refused, with its code."""

from typing import Any


def ipam(*subnets: str, **more: Any) -> dict[str, Any]:
    """host-local over one set for each subnet."""
    ranges = {"ranges": [[{"subnet": each}] for each in subnets]} if subnets else {}
    return {"type": "host-local", "dataDir": "FOLDER/networks"} | ranges | more


def ranges(*sets: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"type": "host-local", "dataDir": "FOLDER/networks", "ranges": list(sets)} | more


def conf(**changes: Any) -> dict[str, Any]:
    base = {"cniVersion": "1.0.0", "name": "net", "type": "bridge", "bridge": "br0", "ipam": ipam("10.9.0.0/24")}
    return {key: value for key, value in (base | changes).items() if value is not None}


FOUR, SIX = "10.9.0.0/24", "fd09::/64"
DEFAULT4, DEFAULT6 = {"dst": "0.0.0.0/0"}, {"dst": "::/0"}

WORKS = {
    "plain": conf(),
    "version 0.1.0": conf(cniVersion="0.1.0"),
    "version 0.2.0": conf(cniVersion="0.2.0", ipam=ipam(FOUR, SIX, routes=[DEFAULT4, DEFAULT6]), isGateway=True),
    "version 0.3.0": conf(cniVersion="0.3.0"),
    "version 0.3.1": conf(cniVersion="0.3.1", ipam=ipam(FOUR, routes=[DEFAULT4])),
    "version 0.4.0": conf(cniVersion="0.4.0", isDefaultGateway=True),
    "no version": conf(cniVersion=None),
    "empty version": conf(cniVersion=""),
    "a gateway": conf(isGateway=True),
    "a default gateway": conf(isDefaultGateway=True),
    "a default gateway and a default route of its own": conf(
        isDefaultGateway=True, ipam=ipam(FOUR, routes=[{"dst": "0.0.0.0/0", "gw": "10.9.0.77"}])
    ),
    "a default gateway of two families": conf(isDefaultGateway=True, ipam=ipam(FOUR, SIX)),
    "routes": conf(isGateway=True, ipam=ipam(FOUR, routes=[DEFAULT4, {"dst": "10.0.0.0/8", "gw": "10.9.0.9"}])),
    "routes without a gateway network": conf(ipam=ipam(FOUR, routes=[{"dst": "172.16.0.0/12"}])),
    "an MTU": conf(mtu=1400),
    "a small MTU": conf(mtu=1280, ipam=ipam(FOUR, SIX)),
    "hairpin": conf(hairpinMode=True),
    "promiscuous": conf(promiscMode=True),
    "masquerading": conf(ipMasq=True, isGateway=True),
    "masquerading of two families": conf(ipMasq=True, isGateway=True, ipam=ipam(FOUR, SIX)),
    "the default bridge": conf(bridge=None),
    "IPv6": conf(isGateway=True, ipam=ipam(SIX, routes=[DEFAULT6])),
    "both families": conf(isGateway=True, ipam=ipam(FOUR, SIX, routes=[DEFAULT4, DEFAULT6])),
    "the old form of a range": conf(ipam=ipam(subnet=FOUR, rangeStart="10.9.0.100", gateway="10.9.0.254")),
    "old and new form together": conf(ipam=ipam(SIX, subnet=FOUR)),
    "a range within a subnet": conf(
        isGateway=True, ipam=ranges([{"subnet": FOUR, "rangeStart": "10.9.0.50", "rangeEnd": "10.9.0.60"}])
    ),
    "a gateway that is not the first": conf(isGateway=True, ipam=ranges([{"subnet": FOUR, "gateway": "10.9.0.200"}])),
    "a gateway outside its subnet": conf(ipam=ranges([{"subnet": FOUR, "gateway": "10.8.0.1"}])),
    "a gateway in the middle of its range": conf(
        ipam=ranges([{"subnet": FOUR, "rangeStart": "10.9.0.5", "gateway": "10.9.0.5"}])
    ),
    "a set of two ranges": conf(ipam=ranges([{"subnet": "10.9.0.0/30"}, {"subnet": "10.9.1.0/24"}])),
    "two sets of one family": conf(ipam=ipam("10.9.0.0/24", "10.9.1.0/24")),
    "a subnet with room for one": conf(ipam=ipam("10.9.0.0/30")),
    "DNS of its own": conf(
        dns={"nameservers": ["10.9.0.1"], "domain": "a.b", "search": ["c.d"], "options": ["ndots:5"]}
    ),
    "DNS of its own over a resolver's file": conf(
        dns={"nameservers": ["10.9.0.1"]}, ipam=ipam(FOUR, resolvConf="FOLDER/resolv.conf")
    ),
    "no IPAM": conf(ipam=None),
    "an empty IPAM": conf(ipam={}),
    "addresses asked for by a capability": conf(runtimeConfig={"ips": ["10.9.0.33"]}),
    "addresses asked for with their length": conf(runtimeConfig={"ips": ["10.9.0.33/24"]}),
    "addresses of both families asked for": conf(
        ipam=ipam(FOUR, SIX), runtimeConfig={"ips": ["fd09::33", "10.9.0.33"]}
    ),
    "addresses asked for by arguments": conf(args={"cni": {"ips": ["10.9.0.34"]}}),
    "ranges by a capability": conf(ipam=ipam(SIX), runtimeConfig={"ipRanges": [[{"subnet": "10.8.0.0/24"}]]}),
    "a MAC by a capability": conf(runtimeConfig={"mac": "0a:11:22:33:44:55"}),
    "a MAC by arguments": conf(args={"cni": {"mac": "0a:11:22:33:44:66"}}),
    "a MAC by both": conf(args={"cni": {"mac": "0a:11:22:33:44:66"}}, runtimeConfig={"mac": "0a:11:22:33:44:55"}),
    "unknown fields": conf(unheard="of", ipam=ipam(FOUR, unheard={"of": 1}), capabilities={"mac": True}),
    "fields that are null": conf(mtu=0, dns={}, args={}, runtimeConfig={}),
    "another IPAM plugin": conf(
        isGateway=True, ipam={"type": "static", "addresses": [{"address": "10.7.0.5/16", "gateway": "10.7.0.1"}]}
    ),
    "another IPAM plugin, without a gateway of its own": conf(
        isDefaultGateway=True,
        ipam={"type": "static", "addresses": [{"address": "10.7.3.5/16"}, {"address": "fd07::5/64"}]},
    ),
    "a name with every sign": conf(name="a_B.c-1"),
}


KINDER = {
    # A default route without a gateway takes the network's: theirs meets the one it has just set.
    "a default gateway and a default route": conf(isDefaultGateway=True, ipam=ipam(FOUR, routes=[DEFAULT4])),
    # "" is no name: theirs does not take it for the default.
    "an empty bridge name": conf(bridge=""),
    # The specification: `dns` as the IPAM plugin told it. Theirs drops it, as later versions no longer do.
    "a resolver's file": conf(ipam=ipam(FOUR, resolvConf="FOLDER/resolv.conf")),
    "another IPAM plugin, with routes and DNS": conf(
        ipam={
            "type": "static",
            "addresses": [{"address": "10.7.0.5/16", "gateway": "10.7.0.1"}],
            "routes": [DEFAULT4, {"dst": "192.168.0.0/16", "gw": "10.7.5.5"}],
            "dns": {"nameservers": ["10.7.0.2"], "search": ["x.y"]},
        }
    ),
}
"""What the reference of this version refuses, or answers otherwise than the specification says, and why."""


ARGS = {
    "an address": ("IgnoreUnknown=1;IP=10.9.0.44", conf()),
    "a MAC": ("IgnoreUnknown=1;MAC=0a:00:00:00:00:77", conf()),
    "a MAC, without leave to ignore": ("MAC=0a:00:00:00:00:77", conf(ipam=None)),
    "Kubernetes' own": ("IgnoreUnknown=1;K8S_POD_NAMESPACE=a;K8S_POD_NAME=b;K8S_POD_UID=c", conf()),
    "leave in a word": ("IgnoreUnknown=true;FOO=BAR", conf()),
    "an address and one more by a capability": (
        "IgnoreUnknown=1;IP=10.9.0.44",
        conf(ipam=ipam(FOUR, SIX), runtimeConfig={"ips": ["fd09::44"]}),
    ),
}


REFUSED = {
    "a version of the future": (conf(cniVersion="9.9.9"), {}, 1),
    "CHECK before it was": (conf(cniVersion="0.3.1", prevResult={}), {"command": "CHECK"}, 1),
    "no such command": (conf(), {"command": "MEND"}, 4),
    "no container": (conf(), {"CNI_CONTAINERID": ""}, 4),
    "a container of odd signs": (conf(), {"CNI_CONTAINERID": "a/b"}, 4),
    "no link": (conf(), {"CNI_IFNAME": ""}, 4),
    "a link with a long name": (conf(), {"CNI_IFNAME": "a" * 16}, 4),
    "a link with a slash": (conf(), {"CNI_IFNAME": "a/b"}, 4),
    "a link that is a folder": (conf(), {"CNI_IFNAME": ".."}, 4),
    "a link with a space": (conf(), {"CNI_IFNAME": "a b"}, 4),
    "no namespace": (conf(), {"CNI_NETNS": ""}, 4),
    "no path": (conf(), {"CNI_PATH": None}, 4),
    "a namespace that is gone": (conf(), {"CNI_NETNS": "/run/netns/nowhere"}, 3),
    "a namespace that is none": (conf(), {"CNI_NETNS": "/etc/hostname"}, 4),
    "unknown arguments": (conf(), {"CNI_ARGS": "FOO=BAR"}, 4),
    "arguments that are none": (conf(), {"CNI_ARGS": "IgnoreUnknown"}, 4),
    "an address that is none among the arguments": (conf(), {"CNI_ARGS": "IgnoreUnknown=1;IP=hello"}, 7),
    "no name": (conf(name=None), {}, 7),
    "a name of odd signs": (conf(name="a b"), {}, 7),
    "a name that is a path": (conf(name="../net"), {}, 7),
    "an MTU in words": (conf(mtu="big"), {}, 7),
    "a gateway in words": (conf(isGateway="yes"), {}, 7),
    "hairpin and promiscuous": (conf(hairpinMode=True, promiscMode=True), {}, 7),
    "a VLAN below zero": (conf(vlan=-1), {}, 7),
    "a VLAN too many": (conf(vlan=4095), {}, 7),
    "no range": (conf(ipam=ipam()), {}, 7),
    "a range of another form": (conf(ipam=ipam(ranges="all")), {}, 7),
    "an empty set": (conf(ipam=ipam(ranges=[[]])), {}, 7),
    "a subnet that is none": (conf(ipam=ipam("10.0.0.0/33")), {}, 7),
    "a subnet too small": (conf(ipam=ipam("10.9.0.0/31")), {}, 7),
    "a subnet with host bits": (conf(ipam=ipam("10.9.0.5/24")), {}, 7),
    "a start outside its subnet": (conf(ipam=ranges([{"subnet": FOUR, "rangeStart": "10.8.0.1"}])), {}, 7),
    "an end outside its subnet": (conf(ipam=ranges([{"subnet": FOUR, "rangeEnd": "10.8.0.1"}])), {}, 7),
    "a start after its end": (
        conf(ipam=ranges([{"subnet": FOUR, "rangeStart": "10.9.0.9", "rangeEnd": "10.9.0.3"}])),
        {},
        7,
    ),
    "ranges of a set that overlap": (conf(ipam=ranges([{"subnet": FOUR}, {"subnet": "10.9.0.128/25"}])), {}, 7),
    "sets that overlap": (conf(ipam=ipam(FOUR, "10.9.0.0/16")), {}, 7),
    "a set of two families": (conf(ipam=ranges([{"subnet": FOUR}, {"subnet": SIX}])), {}, 7),
    "two addresses of a family in an old version": (
        conf(cniVersion="0.2.0", ipam=ipam(FOUR, "10.8.0.0/24")),
        {},
        7,
    ),
    "an address that nobody has": (conf(runtimeConfig={"ips": ["10.8.0.5"]}), {}, 999),
    "the gateway's address": (conf(runtimeConfig={"ips": ["10.9.0.1"]}), {}, 999),
    "two addresses of one set": (conf(runtimeConfig={"ips": ["10.9.0.5", "10.9.0.6"]}), {}, 999),
    "a MAC that is none": (conf(runtimeConfig={"mac": "hello"}), {}, 7),
    "a route that is none": (conf(ipam=ipam(FOUR, routes=[{"dst": "everywhere"}])), {}, 7),
    "a gateway of a route that is none": (conf(ipam=ipam(FOUR, routes=[{"dst": "10.0.0.0/8", "gw": "x"}])), {}, 7),
    "a route through nowhere": (conf(ipam=ipam(FOUR, routes=[{"dst": "10.0.0.0/8", "gw": "172.16.9.9"}])), {}, 999),
    "a resolver's file that is not there": (conf(ipam=ipam(FOUR, resolvConf="FOLDER/nothing")), {}, 5),
    "an IPAM plugin that is not installed": (conf(ipam={"type": "nope"}), {}, 999),
    "an IPAM plugin with a path": (conf(ipam={"type": "../cni/static"}), {}, 7),
    "an IPAM plugin that refuses": (conf(ipam={"type": "static", "addresses": [{"address": "x"}]}), {}, 999),
    "an IPAM plugin without addresses": (conf(ipam={"type": "static"}), {}, 999),
    "CHECK without what ADD answered": (conf(), {"command": "CHECK"}, 7),
    "DEL of a configuration without a range": (conf(ipam=ipam()), {"command": "DEL"}, 7),
}


DAMAGE = {
    "the pod's link is gone": "ip link del eth0",
    "the pod's address is gone": "ip addr flush dev eth0 scope global",
    "the pod's route is gone": "ip route del default",
    "the pod's MAC is another": "ip link set eth0 address 0a:00:00:00:00:01",
}
