"""Sandbox and container configurations."""

from pyk8s.gen.cri.v1 import runtime_pb2 as cri
from pyk8s.kubelet.pod import names
from pyk8s.kubelet.pod.container import Prepared, container_config
from pyk8s.kubelet.pod.sandbox import port_mappings, sandbox_config
from pyk8s.kubelet.values import Start
from tests.kubelet.values import make_pod


def sandbox(pod):
    return sandbox_config(
        pod, attempt=3, root="/root", logs="/logs", hostname="h", dns=cri.DNSConfig(servers=["1"]), cgroup="/group"
    )


def configure(pod, environment=None, **prepared):
    made = {
        "image_id": "sha256:x",
        "sources": (),
        "hosts_file": "/hosts",
        "message_file": "/words",
        "resources": cri.LinuxContainerResources(cpu_shares=7),
        **prepared,
    }
    start = Start("web", "s0", 2, 1)
    return container_config(pod, pod.spec.containers[0], start, environment or {}, Prepared(**made), "/root")


def test_a_sandbox_can_be_found_again():
    made = sandbox(make_pod(metadata={"labels": {"app": "web"}}, terminationGracePeriodSeconds=9))
    assert (made.metadata.uid, made.metadata.attempt) == ("uid-1", 3)
    assert made.labels["app"] == "web"
    assert made.labels[names.POD_UID] == "uid-1"
    assert made.annotations[names.GRACE_SECONDS] == "9"
    assert made.log_directory == "/logs/default_p_uid-1"
    assert (made.hostname, made.linux.cgroup_parent) == ("h", "/group")


def test_labels_of_a_pod_cannot_pretend_to_be_another():
    made = sandbox(make_pod(metadata={"labels": {names.POD_UID: "somebody-else"}}))
    assert made.labels[names.POD_UID] == "uid-1"


def test_sysctls_reach_the_sandbox():
    low = {"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}
    made = sandbox(make_pod(securityContext={"sysctls": [low]}))
    assert dict(made.linux.sysctls) == {"net.ipv4.ip_unprivileged_port_start": "0"}


def test_only_ports_of_the_node_are_mapped():
    web = {"name": "web", "ports": [{"containerPort": 80}, {"containerPort": 53, "hostPort": 5353, "protocol": "UDP"}]}
    (port,) = port_mappings(make_pod(web))
    assert (port.protocol, port.container_port, port.host_port) == (cri.UDP, 53, 5353)
    assert port_mappings(make_pod(web, hostNetwork=True)) == []


def test_a_container_remembers_what_it_was_made_from():
    made = configure(make_pod())
    assert (made.metadata.name, made.metadata.attempt) == ("web", 2)
    assert (made.annotations[names.CRASHES], made.annotations[names.RESTART_COUNT]) == ("1", "2")
    assert made.annotations[names.SPEC_HASH]
    assert (made.image.image, made.image.user_specified_image) == ("sha256:x", "web:1")
    assert made.log_path == "web/2.log"


def test_commands_and_arguments_expand_variables():
    pod = make_pod({"name": "web", "command": ["echo", "$(A)"], "args": ["$(B)", "$$(A)"]})
    made = configure(pod, {"A": "1"})
    assert list(made.command) == ["echo", "1"]
    assert list(made.args) == ["$(B)", "$(A)"]
    assert [(each.key, each.value) for each in made.envs] == [("A", "1")]


def test_the_files_of_the_kubelet_are_mounted():
    made = configure(make_pod())
    assert [(each.container_path, each.host_path) for each in made.mounts] == [
        ("/etc/hosts", "/hosts"),
        ("/dev/termination-log", "/words"),
    ]


def test_a_volume_over_a_file_of_the_kubelet_wins():
    mounts = [{"name": "a", "mountPath": "/etc/hosts"}, {"name": "b", "mountPath": "/dev/termination-log"}]
    made = configure(make_pod({"name": "web", "volumeMounts": mounts}), sources=("/a", "/b"))
    assert [each.host_path for each in made.mounts] == ["/a", "/b"]


def test_mounts_are_as_told():
    mounts = [
        {"name": "a", "mountPath": "/a", "readOnly": True},
        {"name": "b", "mountPath": "/b", "mountPropagation": "Bidirectional"},
        {"name": "c", "mountPath": "/c"},
    ]
    pod = make_pod({"name": "web", "volumeMounts": mounts})
    made = list(configure(pod, sources=("/1", "/2", "/3"), read_only_volumes=frozenset({"c"})).mounts)
    assert [each.readonly for each in made[:3]] == [True, False, True]
    assert made[1].propagation == cri.PROPAGATION_BIDIRECTIONAL
