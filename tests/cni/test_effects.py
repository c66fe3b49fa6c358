"""What the rules do, beside Debian's plugins: who is seen by whom through host ports and masquerading, and how fast."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pyk8s.kernel.link.run import run as run_links
from pyk8s.kernel.link.values import Add, AddAddress, Change, Link, Peer
from pyk8s.kernel.netns.run import entered
from tests.cni.beside import REFERENCE, Host, host_side, plain, side_by_side
from tests.kernel.spaces import inside, spaces

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(not REFERENCE.is_dir(), reason="containernetworking-plugins is not installed"),
]

OUTSIDE, OUTSIDE6 = "172.31.0.1", "fd31::1"
HOST, HOST6 = "172.31.0.2", "fd31::2"

IPAM = {
    "type": "host-local",
    "dataDir": "FOLDER/networks",
    "ranges": [[{"subnet": "10.9.0.0/24"}], [{"subnet": "fd09::/64"}]],
    "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}],
}
CONF = {
    "cniVersion": "1.0.0",
    "name": "net",
    "type": "bridge",
    "bridge": "br0",
    "isGateway": True,
    "hairpinMode": True,
    "ipMasq": True,
    "ipam": IPAM,
}


def attach(host: Host, pod: int, *, ports: Any = (), bandwidth: Any = None, tuning: bool = False) -> dict[str, Any]:
    """ADD a pod: by one plugin of ours, by a chain of theirs. The result."""
    runtime = {"portMappings": list(ports)} | ({"bandwidth": bandwidth} if bandwidth else {})
    code, result = host.call("ADD", CONF | ({"runtimeConfig": runtime} if host.ours else {}), pod=pod)
    assert code == 0, result
    if not host.ours:
        for plugin, used in (("portmap", ports), ("bandwidth", bandwidth)):
            if used:
                result = chain(host, "ADD", pod, plugin, result, runtimeConfig=runtime)
    if tuning:
        result = chain(host, "ADD", pod, "tuning", result, sysctl={"net.ipv4.conf.eth0.rp_filter": "2"}, mtu=1300)
    return result


def chain(host: Host, command: str, pod: int, plugin: str, result: Any, **more: Any) -> dict[str, Any]:
    conf = {"cniVersion": "1.0.0", "name": "net", "type": plugin, "prevResult": result} | more
    code, told = host.call(command, conf, pod=pod, plugin=plugin)
    assert code == 0, told
    return told


def wire(host: Host, outside: str) -> None:
    """Put the host on a wire with somebody outside, of both families."""
    run_links((Add(Link("up0", "veth", peer=Peer("wire", outside))),), host.netns)
    for words in (
        f"addr add {HOST}/24 dev up0",
        f"-6 addr add {HOST6}/64 dev up0 nodad",
        "link set up0 up",
        "link set lo up",
        f"route add default via {OUTSIDE}",
        f"-6 route add default via {OUTSIDE6}",
    ):
        inside(host.netns, "ip", *words.split())
    run_links(
        (Change("wire", up=True), AddAddress("wire", f"{OUTSIDE}/24"), AddAddress("wire", f"{OUTSIDE6}/64")), outside
    )


@contextmanager
def two_worlds(folder: Path, pods: int = 2) -> Iterator[tuple[tuple[Host, str], tuple[Host, str]]]:
    """Each host with its pods, and its own outside."""
    with side_by_side(folder, pods) as (theirs, ours), spaces(2) as (first, second):
        wire(theirs, first)
        wire(ours, second)
        yield (theirs, first), (ours, second)


def address(result: Any, family: int = 4) -> str:
    return next(each["address"].split("/")[0] for each in result["ips"] if (":" in each["address"]) == (family == 6))


class Answering:
    """A program in a namespace, of both families, that tells every caller which address it sees."""

    CODE = (
        "import socket,sys\n"
        "s=socket.create_server(('::',int(sys.argv[1])),family=socket.AF_INET6,dualstack_ipv6=True)\n"
        "print('up',flush=True)\n"
        "while True:\n"
        "    c,a=s.accept(); c.sendall(a[0].removeprefix('::ffff:').encode()); c.close()\n"
    )

    def __init__(self, netns: str, port: int) -> None:
        words = ["nsenter", f"--net={netns}", sys.executable, "-S", "-c", self.CODE, str(port)]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE)

    def __enter__(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"up\n"

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


def seen(netns: str, to: str, port: int, patience: float = 5.0) -> str:
    """Who the program at `to` sees when it is called from the namespace, or the error."""
    with entered(netns):
        caller = socket.socket(socket.AF_INET6 if ":" in to else socket.AF_INET)
    with caller:
        caller.settimeout(patience)
        try:
            caller.connect((to, port))
            return caller.recv(100).decode()
        except OSError as why:
            return type(why).__name__


FLOWS = {
    "from outside": ("outside", "host"),
    "from another pod": ("neighbour", "host"),
    "from the pod itself": ("pod", "host"),
    "from the host to its own address": ("host", "host"),
    "from the host to its loopback": ("host", "loopback"),
    "from outside to a port that is not mapped": ("outside", "unmapped"),
    "from the pod to outside": ("pod", "outside"),
    "from the pod to another": ("pod", "neighbour"),
}


@pytest.fixture(scope="module", params=[4, 6], ids=["IPv4", "IPv6"])
def worlds(request, tmp_path_factory):
    """Both worlds with a pod that has a host port, a neighbour of it, and programs that answer."""
    family = request.param
    folder = tmp_path_factory.mktemp("effects")
    with two_worlds(folder) as made:
        found = []
        stack = []
        for host, outside in made:
            attach(host, 0, ports=[{"hostPort": 8088, "containerPort": 80, "protocol": "tcp"}])
            neighbour = attach(host, 1)
            for netns, port in ((host.pods[0], 80), (host.pods[1], 81), (outside, 82)):
                program = Answering(netns, port)
                program.__enter__()
                stack.append(program)
            places = {"outside": outside, "neighbour": host.pods[1], "pod": host.pods[0], "host": host.netns}
            targets = {
                "host": (HOST if family == 4 else HOST6, 8088),
                "loopback": ("127.0.0.1" if family == 4 else "::1", 8088),
                "unmapped": (HOST if family == 4 else HOST6, 8089),
                "outside": (OUTSIDE if family == 4 else OUTSIDE6, 82),
                "neighbour": (address(neighbour, family), 81),
            }
            found.append((places, targets))
        yield family, found
        for program in stack:
            program.__exit__()


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_the_same_is_seen_through_both(worlds, flow):
    family, found = worlds
    source, target = flow
    theirs, ours = (seen(places[source], *targets[target]) for places, targets in found)
    assert ours == theirs
    if flow == ("pod", "outside"):
        assert ours == (HOST if family == 4 else HOST6)


PORTS = {
    "an address of the host": [{"hostPort": 90, "containerPort": 80, "hostIP": HOST}],
    "an address that is not the host's": [{"hostPort": 90, "containerPort": 80, "hostIP": "172.31.0.99"}],
    "every address of a family": [{"hostPort": 90, "containerPort": 80, "hostIP": "0.0.0.0"}],
    "another protocol": [{"hostPort": 90, "containerPort": 80, "protocol": "udp"}],
    "several": [{"hostPort": 89, "containerPort": 81}, {"hostPort": 90, "containerPort": 80}],
}


@pytest.mark.parametrize("ports", PORTS.values(), ids=PORTS)
def test_host_ports_are_open_where_they_are_with_the_reference(ports, tmp_path):
    with two_worlds(tmp_path, pods=1) as made:
        answers = []
        for host, outside in made:
            attach(host, 0, ports=[{"protocol": "tcp"} | port for port in ports])
            with Answering(host.pods[0], 80):
                answers.append([seen(outside, to, 90) for to in (HOST, HOST6)])
        assert answers[0] == answers[1]


def test_del_closes_a_host_port_and_leaves_no_rule_of_the_pod(tmp_path):
    ports = [{"hostPort": 90, "containerPort": 80, "protocol": "tcp"}]
    with two_worlds(tmp_path, pods=1) as ((_, _), (host, outside)):
        attach(host, 0, ports=ports)
        for _ in range(2):
            assert host.call("DEL", CONF | {"runtimeConfig": {"portMappings": ports}}) == (0, {})
        assert seen(outside, HOST, 90) == "ConnectionRefusedError"
        for program in ("iptables-save", "ip6tables-save"):
            saved = inside(host.netns, program)
            assert "10.9.0" not in saved
            assert "fd09::" not in saved
            assert "PYK8S-HP-" not in saved


LIMITS = {
    "both directions": {
        "ingressRate": 8_000_000,
        "ingressBurst": 800_000,
        "egressRate": 4_000_000,
        "egressBurst": 400_000,
    },
    "what comes": {"ingressRate": 100_000_000, "ingressBurst": 8_000_000},
    "what leaves": {"egressRate": 1_000_000, "egressBurst": 100_000},
}


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
def test_limits_are_set_as_the_reference_sets_them(limits, tmp_path):
    with side_by_side(tmp_path) as hosts:
        results = [plain(host, attach(host, 0, bandwidth=limits)) for host in hosts]
        assert results[0] == results[1]
        theirs, ours = (host_side(host, "br0")["shaped"] for host in hosts)
        assert len(ours) == len(theirs)
        for our, their in zip(ours, theirs, strict=True):
            for (rate, burst, latency), (their_rate, their_burst, their_latency) in zip(our, their, strict=True):
                assert rate == their_rate
                assert burst == pytest.approx(their_burst, rel=0.02)
                assert latency == pytest.approx(their_latency, rel=0.1)
        _, host = hosts
        conf = CONF | {"runtimeConfig": {"bandwidth": limits}}
        assert host.call("CHECK", conf | {"prevResult": attached(host, results)}) == (0, {})
        assert host.call("DEL", conf) == (0, {})
        assert [each["ifname"] for each in host.look("ip -j link")] == ["lo", "br0"]


def attached(host: Host, results: Any) -> Any:
    """A result for CHECK that tells addresses only: names and MACs were left out of it."""
    return {"cniVersion": "1.0.0", "ips": results[1]["ips"], "routes": results[1].get("routes", [])}


def test_what_a_pod_sends_and_gets_is_slowed_down_for_real(tmp_path):
    """2 MB at 16 Mbit/s take a second; without a limit, no time."""
    limits = {"ingressRate": 16_000_000, "ingressBurst": 800_000, "egressRate": 16_000_000, "egressBurst": 800_000}
    with side_by_side(tmp_path, pods=2) as (_, host):
        result = attach(host, 0, bandwidth=limits)
        attach(host, 1)
        for receiver, sender in ((host.pods[0], host.pods[1]), (host.pods[1], host.pods[0])):
            to = address(result) if receiver == host.pods[0] else "10.9.0.3"
            assert seconds(sender, receiver, to, 2_000_000) > 0.7


CLOCKED = """
import socket, sys, time, os
how, address, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
if how == "get":
    server = socket.create_server(("", 99)); print("up", flush=True)
    caller, _ = server.accept(); start = time.monotonic(); got = 0
    while part := caller.recv(65536): got += len(part)
    print(time.monotonic() - start, got)
else:
    caller = socket.create_connection((address, 99), 10); caller.sendall(os.urandom(size)); caller.close()
"""


def seconds(sender: str, receiver: str, to: str, size: int) -> float:
    """How long `size` bytes took."""

    def program(netns: str, how: str) -> subprocess.Popen[str]:
        words = ["nsenter", f"--net={netns}", sys.executable, "-S", "-c", CLOCKED, how, to, str(size)]
        return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)

    with program(receiver, "get") as getting:
        assert getting.stdout is not None
        assert getting.stdout.readline() == "up\n"
        with program(sender, "send") as sending:
            assert sending.wait(60) == 0
        took, got = getting.stdout.readline().split()
    assert int(got) == size
    return float(took)


def test_plugins_of_others_can_come_after_ours(tmp_path):
    with side_by_side(tmp_path) as hosts:
        limits = LIMITS["both directions"]
        ports = [{"hostPort": 90, "containerPort": 80, "protocol": "tcp"}]
        _, ours = hosts
        code, result = ours.call("ADD", CONF)
        assert code == 0
        for plugin, runtime in (("portmap", {"portMappings": ports}), ("bandwidth", {"bandwidth": limits})):
            result = chain(ours, "ADD", 0, plugin, result, runtimeConfig=runtime)
            if plugin == "bandwidth":  # portmap of this version looks for IPv4's rules among IPv6's
                chain(ours, "CHECK", 0, plugin, result, runtimeConfig=runtime)
        result = chain(ours, "ADD", 0, "tuning", result, mtu=1300)
        assert ours.look("ip -j link show eth0", 0)[0]["mtu"] == 1300
        assert ours.call("CHECK", CONF | {"prevResult": result}) == (0, {})
        for plugin, runtime in (("bandwidth", {"bandwidth": limits}), ("portmap", {"portMappings": ports})):
            chain(ours, "DEL", 0, plugin, result, runtimeConfig=runtime)
        assert ours.call("DEL", CONF | {"prevResult": result}) == (0, {})
        assert [each["ifname"] for each in ours.look("ip -j link")] == ["lo", "br0"]


@pytest.mark.parametrize("checked", [False, True])
def test_a_pod_that_sends_under_another_mac_is_not_heard_when_macs_are_checked(checked, tmp_path):
    with side_by_side(tmp_path, pods=2) as hosts:
        heard = []
        for host in hosts:
            for pod in (0, 1):
                assert host.call("ADD", CONF | {"macspoofchk": checked}, pod=pod)[0] == 0
            before = ping(host)
            inside(host.pods[0], "ip", "link", "set", "eth0", "address", "0a:00:00:00:00:99")
            heard.append((before, ping(host)))
            for pod in (0, 1):
                assert host.call("DEL", CONF | {"macspoofchk": checked}, pod=pod)[0] == 0
        assert heard[0] == heard[1] == (True, not checked)
        assert "veth" not in inside(hosts[1].netns, "nft", "list", "ruleset")


def ping(host: Host) -> bool:
    """Whether the first pod reaches the second."""
    with Answering(host.pods[1], 80):
        return seen(host.pods[0], "10.9.0.3", 80, 1.5) == "10.9.0.2"


def test_results_are_json_that_a_chain_can_go_on_with(tmp_path):
    with side_by_side(tmp_path) as (_, ours):
        result = attach(ours, 0, tuning=True)
        assert json.dumps(result)
        assert [each["interface"] for each in result["ips"]] == [2, 2]
