"""The same input to Debian's plugins and to ours: the same result, addresses, routes, MTU, leases, and codes.

Where the reference answers 999, its code for everything, a code of the specification is right as well.
"""

from typing import Any

import pytest

from tests.cni.beside import REFERENCE, Host, host_side, leases, plain, pod_side, side_by_side
from tests.cni.cases import ARGS, DAMAGE, FOUR, KINDER, REFUSED, WORKS, conf, ipam
from tests.kernel.spaces import inside

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(not REFERENCE.is_dir(), reason="containernetworking-plugins is not installed"),
]


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
