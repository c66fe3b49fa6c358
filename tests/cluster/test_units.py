"""Which processes a cluster consists of, and what each is told."""

import sys

import msgspec
import pytest
import yaml

from pyk8s.cluster import configs, units, wish
from pyk8s.cluster.errors import SettingInvalid
from pyk8s.cluster.folder import DEFAULT_HOME, Folder
from pyk8s.cluster.supervisor.unit import Unit, ordered
from pyk8s.cluster.wish import Wish

FOLDER = Folder(DEFAULT_HOME, "demo")
DEMO = wish.settle(Wish(2), "demo", "0123456789", "172.28.0.0/24", (20001, 20002, 20003, 20004))


def test_a_cluster_is_etcd_a_control_plane_and_three_processes_a_node():
    wanted = units.wanted(DEMO, FOLDER)
    assert [(unit.role, unit.node) for unit in wanted.values()] == [
        ("etcd", ""),
        ("control-plane", ""),
        ("holder", "node-1"),
        ("containerd", "node-1"),
        ("node", "node-1"),
        ("holder", "node-2"),
        ("containerd", "node-2"),
        ("node", "node-2"),
    ]


def test_a_stopped_node_has_no_process():
    stopped = DEMO.with_node(msgspec.structs.replace(DEMO.node("node-2"), stopped=True))
    assert {unit.node for unit in units.wanted(stopped, FOLDER).values()} == {"", "node-1"}


def test_units_can_be_ordered_and_survive_their_files():
    wanted = units.wanted(DEMO, FOLDER)
    names = [unit.name for unit in ordered(wanted)]
    assert names.index("node-1.holder") < names.index("node-1.containerd") < names.index("node-1.agent")
    for unit in wanted.values():
        assert msgspec.json.decode(msgspec.json.encode(unit), type=Unit) == unit


def test_what_runs_on_a_node_is_in_its_cgroup_and_enters_its_namespaces():
    holder, containerd, agent = units.of_node(DEMO, FOLDER, DEMO.node("node-1"))
    assert holder.holds == "/pyk8s-demo/node-1"
    assert {each.group for each in (holder, containerd, agent)} == {"/pyk8s-demo/node-1/system"}
    assert {each.enter for each in (containerd, agent)} == {holder.name}


def test_etcd_listens_on_loopback_with_certificates_of_clients_and_peers():
    line = units.etcd(DEMO, FOLDER)
    addresses = [word for word in line if "://" in word]
    assert addresses
    assert all("https://127.0.0.1:2000" in word for word in addresses)
    assert "--client-cert-auth" in line
    assert "--peer-client-cert-auth" in line
    assert not any("unsafe-no-fsync" in word for word in line)


def test_a_node_sees_its_own_folders_and_name():
    plan = units.plan(DEMO, FOLDER, DEMO.node("node-1"), "nameserver 192.0.2.1\n")
    targets = {target: source for source, target in plan.binds}
    for place in ("/run", "/var/lib/kubelet", "/var/lib/containerd", "/etc/cni", "/opt/cni", "/var/log", "/mnt"):
        assert targets[place].startswith("/var/lib/pyk8s/clusters/demo/nodes/node-1/")
    assert plan.hostname == "node-1"
    assert plan.files["/etc/resolv.conf"] == "nameserver 192.0.2.1\n"
    assert plan.sysctls["net/ipv4/ip_forward"] == "1"
    assert plan.home == "/var/lib/pyk8s"


def test_no_two_nodes_share_a_folder_a_link_or_an_address():
    one, two = (units.plan(DEMO, FOLDER, node, "") for node in DEMO.nodes)
    assert not {source for source, _ in one.binds} & {source for source, _ in two.binds}
    assert one.outside != two.outside
    assert one.inside != two.inside


def test_what_a_node_needs_of_the_host_must_not_be_covered():
    place = FOLDER.node("node-1")
    assert "/mnt" not in [target for _, target in units.binds(place, ["/mnt/tree/.venv"])]
    assert "/mnt" in [target for _, target in units.binds(place, ["/usr", "/mntx"])]
    with pytest.raises(SettingInvalid, match=r"/run/clusters lies in /run"):
        units.binds(place, ["/run/clusters"])


def test_daemons_are_this_very_python():
    assert units.python("pyk8s", "x") == (sys.executable, "-m", "pyk8s", "x")


def test_configurations_are_plain_yaml_and_name_the_right_files():
    told = configs.control_plane(DEMO, FOLDER)
    assert yaml.safe_load(yaml.safe_dump(told)) == told
    server = told["apiserver"]
    assert server["etcd"]["endpoints"] == ["https://127.0.0.1:20003"]
    assert server["https"] == {"addresses": ["127.0.0.1", "172.28.0.1"], "port": 20001}
    assert server["advertiseAddress"] == "172.28.0.1"
    assert told["controllers"]["nodeMonitorGracePeriod"] == configs.GRACE


def test_daemons_understand_what_they_are_told():
    from pyk8s.apiserver.settings import settings_of
    from pyk8s.controllers.config import from_mapping
    from pyk8s.kubelet.config import decode_config
    from pyk8s.scheduler.config import Config

    told = configs.control_plane(DEMO, FOLDER)
    assert settings_of(told["apiserver"]).https.port == 20001
    without_files = {name: value for name, value in told["controllers"].items() if name != "rootCAFile"}
    assert from_mapping(without_files).cluster_cidr == "10.244.0.0/16"
    assert Config.read(told["scheduler"]).name == "default-scheduler"
    node = decode_config(configs.node(DEMO, FOLDER, DEMO.node("node-1")))
    assert (node.node_name, node.cgroup_parent) == ("node-1", "/pyk8s-demo/node-1")


def test_a_node_reports_what_it_was_given():
    told = configs.node(DEMO, FOLDER, DEMO.node("node-2"))
    assert told["capacity"] == {"cpu": "2", "memory": "4Gi", "pods": "110"}
    assert told["nodeIP"] == "172.28.0.12"
    assert told["healthzBindAddress"] != told["proxy"]["healthzBindAddress"]
    assert told["heartbeatSeconds"] < told["leaseDurationSeconds"]
