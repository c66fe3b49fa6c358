"""The same input to Debian's plugins and to ours: the same result, addresses, routes, MTU, leases, and codes.

Where the reference answers 999, its code for everything, a code of the specification is right as well.
"""

from typing import Any

import pytest

from tests.cni.beside import REFERENCE, Host, host_side, leases, plain, pod_side, side_by_side
from tests.kernel.spaces import inside

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(not REFERENCE.is_dir(), reason="containernetworking-plugins is not installed"),
]

SPECIFIED = {1, 2, 3, 4, 5, 6, 7, 11, 999}


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


def prepared(hosts: tuple[Host, Host]) -> tuple[Host, Host]:
    text = (
        "# a comment\nnameserver 10.1.1.1\nnameserver 10.1.1.2\ndomain one.two\nsearch a.b c.d\noptions ndots:2 edns0\n"
    )
    for host in hosts:
        (host.folder / "resolv.conf").write_text(text)
    return hosts


def both(hosts: tuple[Host, Host], look: Any) -> Any:
    """What `look` sees on our host, which is what it sees on the other."""
    theirs, ours = (look(host) for host in hosts)
    assert ours == theirs
    return ours


@pytest.mark.parametrize("given", WORKS.values(), ids=WORKS)
def test_an_attachment_is_the_same_from_result_to_lease_and_is_gone_after_del(given, tmp_path):
    with side_by_side(tmp_path) as made:
        hosts = prepared(made)
        answers = [host.call("ADD", given) for host in hosts]
        assert [code for code, _ in answers] == [0, 0], answers
        theirs, ours = (plain(host, result) for host, (_, result) in zip(hosts, answers, strict=True))
        assert ours == theirs
        assert both(hosts, pod_side)["link"]["up"]
        both(hosts, lambda host: host_side(host, given.get("bridge") or "cni0"))
        both(hosts, lambda host: leases(host, given["name"]))
        if given.get("cniVersion", "") >= "0.4":
            checks = [
                host.call("CHECK", given | {"prevResult": result})
                for host, (_, result) in zip(hosts, answers, strict=True)
            ]
            assert checks[1] == (0, {})
            # Theirs cannot check a network without IPAM, nor a route that is told without its gateway.
            assert (
                checks[0][0] == 0
                or "no plugin name" in checks[0][1]["msg"]
                or "not found in rou" in checks[0][1]["msg"]
            )
        for _ in range(2):
            assert [host.call("DEL", given) for host in hosts] == [(0, {}), (0, {})]
        assert both(hosts, pod_side)["link"] is None
        both(hosts, lambda host: host_side(host, given.get("bridge") or "cni0"))
        both(hosts, lambda host: leases(host, given["name"]))


@pytest.mark.parametrize("given", KINDER.values(), ids=KINDER)
def test_where_ours_is_kinder_it_is_right(given, tmp_path):
    with side_by_side(tmp_path) as made:
        hosts = prepared(made)
        (their_code, theirs), (our_code, ours) = (host.call("ADD", given) for host in hosts)
        assert our_code == 0
        assert their_code != 0 or plain(hosts[0], theirs) != plain(hosts[1], ours)
        assert hosts[1].call("CHECK", given | {"prevResult": ours}) == (0, {})
        assert hosts[1].call("DEL", given) == (0, {})


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


@pytest.mark.parametrize(("args", "given"), ARGS.values(), ids=ARGS)
def test_arguments_in_the_environment_mean_the_same(args, given, tmp_path):
    with side_by_side(tmp_path) as hosts:
        answers = [host.call("ADD", given, CNI_ARGS=args) for host in hosts]
        theirs, ours = (plain(host, result) for host, (_, result) in zip(hosts, answers, strict=True))
        assert ours == theirs
        assert [code for code, _ in answers] == [0, 0]
        both(hosts, pod_side)
        both(hosts, leases)
        if "MAC=" in args:
            assert [host.look("ip -j link show eth0", 0)[0]["address"] for host in hosts] == ["0a:00:00:00:00:77"] * 2
        assert [host.call("DEL", given, CNI_ARGS=args)[0] for host in hosts] == [0, 0]


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


@pytest.mark.parametrize(("given", "change", "code"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_refused_by_both_and_leaves_nothing_with_us(given, change, code, tmp_path):
    with side_by_side(tmp_path) as hosts:
        variables = {name: value for name, value in change.items() if name != "command"}
        answers = [host.call(change.get("command", "ADD"), given, **variables) for host in hosts]
        (their_exit, theirs), (our_exit, ours) = answers
        assert (their_exit, our_exit) == (1, 1), answers
        assert ours["code"] == code
        assert theirs["code"] in (code, 999)
        assert ours["msg"]
        left = [each["ifname"] for each in hosts[1].look("ip -j link")]
        assert set(left) <= {"lo", "br0"}
        assert [name for name in leases(hosts[1]) if not name.startswith("last_")] == []
        assert [each["ifname"] for each in hosts[1].look("ip -j link", 0)] == ["lo"]


@pytest.mark.parametrize("text", [b"{", b"", b"[]", b'"net"', b"\xff"], ids=repr)
def test_text_that_is_no_configuration_has_the_same_code(text, tmp_path):
    with side_by_side(tmp_path) as hosts:
        answers = [host.call("ADD", text) for host in hosts]
        assert [(code, error["code"]) for code, error in answers] == [(1, 6), (1, 6)]


def test_addresses_follow_one_another_and_come_back_in_the_same_order(tmp_path):
    given = conf(isGateway=True, ipam=ipam("10.9.0.0/29"))
    with side_by_side(tmp_path, pods=7) as hosts:

        def address(host: Host, pod: int) -> str:
            code, result = host.call("ADD", given, pod=pod)
            return result["ips"][0]["address"] if code == 0 else "full"

        assert both(hosts, lambda host: [address(host, pod) for pod in range(6)])[-2:] == ["10.9.0.6/29", "full"]
        both(hosts, lambda host: [host.call("DEL", given, pod=pod) for pod in (1, 3)])
        assert both(hosts, lambda host: [address(host, pod) for pod in (6, 1)]) == ["10.9.0.3/29", "10.9.0.5/29"]
        both(hosts, leases)


def test_a_full_range_is_an_error_of_both_that_leaves_nothing(tmp_path):
    given = conf(ipam=ipam("10.9.0.0/30"))
    with side_by_side(tmp_path, pods=2) as hosts:
        both(hosts, lambda host: host.call("ADD", given, pod=0)[0])
        answers = [host.call("ADD", given, pod=1) for host in hosts]
        assert [(code, error["code"]) for code, error in answers] == [(1, 999), (1, 11)]
        assert len(host_side(hosts[1], "br0")["ports"]) == 1  # theirs leaves a second one
        both(hosts, leases)


def test_a_second_add_is_refused_and_harms_nothing(tmp_path):
    with side_by_side(tmp_path) as hosts:
        both(hosts, lambda host: host.call("ADD", conf(isGateway=True))[0])
        assert both(hosts, lambda host: [host.call("ADD", conf(isGateway=True))[1]["code"]]) == [999]
        assert both(hosts, pod_side)["link"]["addresses"] == ["10.9.0.2/24"]
        both(hosts, lambda host: host_side(host, "br0"))
        both(hosts, leases)


@pytest.mark.parametrize("force", [False, True])
def test_a_bridge_with_another_address_is_refused_or_readdressed(force, tmp_path):
    given = conf(isGateway=True, forceAddress=force)
    with side_by_side(tmp_path) as hosts:
        for host in hosts:
            for words in ("link add br0 type bridge", "addr add 192.168.7.1/24 dev br0", "link set br0 up"):
                inside(host.netns, "ip", *words.split())
        codes = [host.call("ADD", given)[0] for host in hosts]
        assert codes == [0 if force else 1] * 2
        seen = both(hosts, lambda host: host_side(host, "br0")["bridge"])["addresses"]
        assert seen == (["10.9.0.1/24"] if force else ["192.168.7.1/24"])


def test_a_second_ipv6_range_joins_the_first_on_the_bridge(tmp_path):
    with side_by_side(tmp_path, pods=2) as hosts:
        for pod, subnet in enumerate(("fd01::/64", "fd02::/64")):
            given = conf(name=f"net{pod}", isGateway=True, ipam=ipam(subnet))
            both(hosts, lambda host, given=given, pod=pod: host.call("ADD", given, pod=pod)[0])
        assert both(hosts, lambda host: host_side(host, "br0"))["bridge"]["addresses"] == ["fd01::1/64", "fd02::1/64"]


@pytest.mark.parametrize("kind", ["dummy", "veth"])
def test_a_bridges_name_that_is_taken_is_refused_by_both_and_what_took_it_stays(kind, tmp_path):
    with side_by_side(tmp_path) as hosts:
        for host in hosts:
            inside(host.netns, "ip", "link", "add", "br0", "type", "veth" if kind == "veth" else "ifb")
        answers = [host.call("ADD", conf(isGateway=True)) for host in hosts]
        assert [(code, error["code"]) for code, error in answers] == [(1, 999), (1, 7)]
        assert "br0" in answers[1][1]["details"]
        assert leases(hosts[1]).keys() <= {"last_reserved_ip.0"}
        assert both(hosts, lambda host: [each["ifname"] for each in host.look("ip -j link", 0)]) == ["lo"]
        assert {each["ifname"] for each in hosts[1].look("ip -j link")} >= {"br0"}


def test_a_bridge_that_somebody_made_is_used_as_it_is(tmp_path):
    with side_by_side(tmp_path) as hosts:
        for host in hosts:
            inside(host.netns, "ip", *["link", "add", "br0", "mtu", "1300", "type", "bridge"])
        both(hosts, lambda host: host.call("ADD", conf(isGateway=True, mtu=1400))[0])
        both(hosts, pod_side)
        both(hosts, lambda host: host_side(host, "br0"))


@pytest.mark.parametrize("first", [0, 1], ids=["theirs first", "ours first"])
def test_both_share_one_folder_of_leases(first, tmp_path):
    with side_by_side(tmp_path, pods=3) as hosts:
        for host in hosts:
            host.folder = tmp_path
        order = [hosts[first], hosts[1 - first], hosts[first]]
        given = conf(ipam=ipam(FOUR))
        addresses = [host.call("ADD", given, pod=pod)[1]["ips"][0]["address"] for pod, host in enumerate(order)]
        assert addresses == ["10.9.0.2/24", "10.9.0.3/24", "10.9.0.4/24"]
        # Each lets go of what the other gave.
        assert [host.call("DEL", given, pod=pod)[0] for pod, host in enumerate(reversed(order))] == [0, 0, 0]
        assert leases(hosts[0]).keys() == {"last_reserved_ip.0"}


@pytest.mark.parametrize("netns", ["", "/run/netns/nowhere"], ids=["not given", "gone"])
def test_del_without_the_namespace_lets_go_of_the_lease(netns, tmp_path):
    with side_by_side(tmp_path) as hosts:
        both(hosts, lambda host: host.call("ADD", conf())[0])
        for _ in range(2):
            assert both(hosts, lambda host: host.call("DEL", conf(), CNI_NETNS=netns)) == (0, {})
        assert both(hosts, leases).keys() == {"last_reserved_ip.0"}


DAMAGE = {
    "the pod's link is gone": "ip link del eth0",
    "the pod's address is gone": "ip addr flush dev eth0 scope global",
    "the pod's route is gone": "ip route del default",
    "the pod's MAC is another": "ip link set eth0 address 0a:00:00:00:00:01",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_check_notices_the_same_damage(damage, tmp_path):
    given = conf(isDefaultGateway=True)
    with side_by_side(tmp_path) as hosts:
        results = [host.call("ADD", given)[1] for host in hosts]
        for host in hosts:
            inside(host.pods[0], *damage.split())
        codes = [
            host.call("CHECK", given | {"prevResult": result}) for host, result in zip(hosts, results, strict=True)
        ]
        assert [(code, error["code"]) for code, error in codes] == [(1, 999), (1, 999)]


def test_check_notices_a_bridge_and_a_lease_that_are_gone(tmp_path):
    with side_by_side(tmp_path) as hosts:
        results = [host.call("ADD", conf())[1] for host in hosts]

        def codes() -> list[int]:
            return [
                host.call("CHECK", conf() | {"prevResult": result})[1].get("code", 0)
                for host, result in zip(hosts, results, strict=True)
            ]

        assert codes() == [0, 0]
        for host in hosts:
            (host.folder / "networks" / "net" / "10.9.0.2").rename(host.folder / "away")
        assert codes() == [999, 999]
        for host in hosts:
            (host.folder / "away").rename(host.folder / "networks" / "net" / "10.9.0.2")
            inside(host.netns, "ip", "link", "del", "br0")
        assert codes() == [999, 999]
