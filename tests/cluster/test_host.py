"""The host's side of a cluster, in a network namespace of the test's own."""

import json
import socket
import subprocess
import sys

import pytest

from pyk8s.cluster import host

PROGRAM = """
import json, subprocess, sys
from pathlib import Path
from pyk8s.cluster import host
from pyk8s.cluster.links import Host

def links():
    told = subprocess.run(["ip", "-json", "link"], capture_output=True).stdout
    return sorted(link["ifname"] for link in json.loads(told))

def tables():
    return subprocess.run(["nft", "list", "tables"], capture_output=True, text=True).stdout.split("\\n")

def forwarding():
    return [file.read_text().strip() for _, file in host.SWITCHES.values()]

told = {"before": [links(), tables(), forwarding()]}
for _, file in host.SWITCHES.values():
    file.write_text("0")
with host.machine_locked():
    one = Host("one", "1" * 10, (host.pick_subnet(),))
    host.connect(one)
    host.connect(one)
with host.machine_locked():
    two = Host("two", "2" * 10, (host.pick_subnet(), "fd22:2222:2222::/64"))
    host.connect(two)
with host.machine_locked():
    six = Host("six", "6" * 10, ("fd66:6666:6666::/64",))
    host.connect(six)
told["subnets"] = [one.subnets[0], two.subnets[0]]
told["up"] = [links(), tables(), forwarding()]
told["aliases"] = list(host.bridges().values())
subprocess.run(["ip", "link", "add", one.port("node-1"), "type", "veth", "peer", "name", "x"], check=True)
subprocess.run(["ip", "link", "set", one.port("node-1"), "master", one.bridge], check=True)
host.disconnect(one)
told["one down"] = [links(), tables(), forwarding()]
host.disconnect(Host("two", "2" * 10, ()))
host.disconnect(two)
told["two down"] = [links(), tables(), forwarding()]
host.disconnect(six)
told["down"] = [links(), tables(), forwarding()]
print(json.dumps(told))
"""


@pytest.mark.kernel
def test_clusters_of_each_family_come_and_go_on_one_host_and_leave_nothing():
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert len(set(told["subnets"])) == 2
    links, tables, forwarding = told["up"]
    assert {"pkb1111111111", "pkb2222222222"} <= set(links)
    assert {"table ip pyk8s_1111111111", "table ip pyk8s_2222222222", "table ip6 pyk8s_2222222222"} <= set(tables)
    assert forwarding == ["1", "1"]
    assert told["aliases"] == [
        "pyk8s cluster one ip_forward=0",
        "pyk8s cluster two ip_forward=0 ipv6_forward=0 ra=",
        "pyk8s cluster six ipv6_forward=0 ra=",
    ]
    links, tables, forwarding = told["one down"]
    assert [name for name in links if name.startswith("pk")] == ["pkb2222222222", "pkb6666666666"]
    assert forwarding == ["1", "1"], "the other clusters still need it"
    assert told["two down"][2] == ["0", "1"], "the last one needs IPv6 only"
    assert [name for name in told["two down"][1] if "2222222222" in name] == []
    links, tables, forwarding = told["down"]
    assert (links, tables, forwarding) == (told["before"][0], told["before"][1], ["0", "0"])


def test_free_ports_are_free_and_below_those_of_outgoing_connections():
    ports = host.free_ports(4)
    assert len(set(ports)) == 4
    assert all(20000 <= port <= 29999 and host.is_free(port) for port in ports)


def test_a_port_that_is_taken_is_not_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not host.is_free(server.getsockname()[1])
        with pytest.raises(host.AddressTaken, match="no 1 free TCP ports"):
            host.free_ports(1, first=server.getsockname()[1], last=server.getsockname()[1])


@pytest.mark.parametrize(
    ("content", "says"), [(None, "kernel has no IPv6"), ("1\n", "net.ipv6.conf.default.disable_ipv6=0"), ("0\n", None)]
)
def test_a_machine_without_ipv6_is_told_what_to_do(tmp_path, monkeypatch, content, says):
    monkeypatch.setattr(host, "CONF6", tmp_path / "conf")
    if content is not None:
        (tmp_path / "conf/default").mkdir(parents=True)
        (tmp_path / "conf/default/disable_ipv6").write_text(content)
    if says is None:
        host.require_ipv6()
        return
    with pytest.raises(host.MachineUnfit, match=says):
        host.require_ipv6()
