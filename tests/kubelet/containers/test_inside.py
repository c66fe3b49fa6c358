"""What a container finds: variables, users, limits, names, network."""

import base64

import orjson
import pytest

from pyk8s.api.refs import CONFIG_MAPS, SECRETS, SERVICES
from tests.kubelet import rig
from tests.kubelet.agent import container, pod, waits_for

pytestmark = pytest.mark.containers


async def make(node, ref, kind, name, **fields):
    made = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "default"}, **fields}
    await node.client.create(ref.within("default"), orjson.dumps(made))


async def test_variables_come_from_everywhere(node):
    await make(node, CONFIG_MAPS, "ConfigMap", "settings", data={"color": "red", "size": "9"})
    await make(node, SECRETS, "Secret", "keys", data={"password": base64.b64encode(b"x y").decode()})
    env = [
        {"name": "PLAIN", "value": "a"},
        {"name": "JOINED", "value": "$(PLAIN)-$(CFG_color)-$$(PLAIN)-$(NONE)"},
        {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "password"}}},
        {"name": "MISSING", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "no", "optional": True}}},
    ]
    fields = {"env": env, "envFrom": [{"prefix": "CFG_", "configMapRef": {"name": "settings"}}]}
    fields |= {"resources": {"limits": {"cpu": "1500m"}}}
    found = await node.ready(pod("web", container=fields))
    lines = dict(line.split("=", 1) for line in (await node.sh("web", "env")).splitlines())
    assert lines["JOINED"] == "a-red-$(PLAIN)-$(NONE)"
    assert (lines["NAME"], lines["IP"], lines["CPU"]) == ("web", found["status"]["podIP"], "2")
    assert (lines["PASSWORD"], lines["CFG_size"], lines["FROM_IMAGE"]) == ("x y", "9", "yes")
    assert "MISSING" not in lines


async def test_services_are_variables(node):
    spec = {"clusterIP": "10.96.0.7", "ports": [{"port": 80, "name": "http"}]}
    await make(node, SERVICES, "Service", "my-web", spec=spec)
    await make(node, SERVICES, "Service", "kubernetes", spec={"clusterIP": "10.96.0.1", "ports": [{"port": 443}]})
    await node.ready(pod("web"))
    await node.ready(pod("alone", enableServiceLinks=False))
    with_links, without = await node.sh("web", "env"), await node.sh("alone", "env")
    assert "MY_WEB_SERVICE_HOST=10.96.0.7" in with_links
    assert "MY_WEB_PORT_80_TCP_ADDR=10.96.0.7" in with_links
    assert "KUBERNETES_SERVICE_HOST=10.96.0.1" in without
    assert "MY_WEB" not in without


async def test_a_missing_key_is_a_configuration_error_until_it_comes(node):
    env = [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "late", "key": "a"}}}]
    await node.create(pod("web", container={"env": env}))
    found = await node.until("web", waits_for("CreateContainerConfigError"))
    assert found["status"]["containerStatuses"][0]["state"]["waiting"]["message"] == 'configmap "late" not found'
    await make(node, CONFIG_MAPS, "ConfigMap", "late", data={"a": "here"})
    await node.until("web", lambda found: found["status"]["phase"] == "Running")
    assert await node.sh("web", "echo $A") == "here\n"


async def test_limits_reach_the_control_group(node):
    resources = {"requests": {"cpu": "250m"}, "limits": {"cpu": "500m", "memory": "64Mi"}}
    found = await node.ready(pod("web", container={"resources": resources}))
    assert found["status"]["qosClass"] == "Burstable"
    where = await node.sh("web", "cat /proc/1/cgroup")
    if node.kubelet.host.groups.version == 1:
        of = {line.split(":")[1]: line.split(":")[2] for line in where.splitlines()}
        base = f"/sys/fs/cgroup/cpu{of['cpu']}", f"/sys/fs/cgroup/memory{of['memory']}"
        assert _read(base[0], "cpu.shares", "cpu.cfs_quota_us") == ["256", "50000"]
        assert _read(base[1], "memory.limit_in_bytes") == [str(64 * 1024 * 1024)]
        parent = base[1].rsplit("/", 1)[0]
        assert parent.endswith(f"/kubepods/burstable/pod{found['metadata']['uid']}")
        assert _read(parent, "memory.limit_in_bytes") == [str(64 * 1024 * 1024)]
    else:
        base = "/sys/fs/cgroup" + where.strip().split(":")[2]
        assert _read(base, "cpu.max", "memory.max") == ["50000 100000", str(64 * 1024 * 1024)]


def _read(folder, *files):
    return [open(f"{folder}/{file}").read().strip() for file in files]


async def test_user_and_groups_are_as_told(node):
    context = {"runAsUser": 1001, "runAsGroup": 1002, "supplementalGroups": [7, 8]}
    other = container("other", securityContext={"runAsUser": 5})
    await node.ready(pod("web", securityContext=context, more=[other]))
    assert await node.sh("web", "id -u; id -g; id -G") == "1001\n1002\n1002 7 8\n"
    assert await node.sh("web", "id -u", "other") == "5\n"


async def test_a_read_only_root_cannot_be_written(node):
    await node.ready(pod("web", container={"securityContext": {"readOnlyRootFilesystem": True}}))
    assert "Read-only" in await node.sh("web", "touch /x 2>&1 || true")


async def test_capabilities_and_privileges(node):
    def effective(text):
        return int(text.split()[-1], 16)

    drop = {"securityContext": {"capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN"]}}}
    await node.ready(pod("few", container=drop))
    assert effective(await node.sh("few", "grep CapEff /proc/1/status")) == 1 << 12
    await node.ready(pod("all", container={"securityContext": {"privileged": True}}))
    assert effective(await node.sh("all", "grep CapEff /proc/1/status")) > 1 << 30
    no_new = {"securityContext": {"allowPrivilegeEscalation": False}}
    await node.ready(pod("careful", container=no_new))
    assert "1" in await node.sh("careful", "grep NoNewPrivs /proc/1/status")


async def test_seccomp_filters_when_told(node):
    profile = {"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}}
    await node.ready(pod("filtered", container=profile))
    await node.ready(pod("free"))
    assert (await node.sh("filtered", "grep Seccomp: /proc/1/status")).split() == ["Seccomp:", "2"]
    assert (await node.sh("free", "grep Seccomp: /proc/1/status")).split() == ["Seccomp:", "0"]


@pytest.mark.parametrize(
    ("image", "context", "message"),
    [
        (rig.IMAGE, {}, "image will run as root"),
        (rig.IMAGE, {"runAsUser": 0}, "breaks non-root policy"),
        (rig.NAMED_USER_IMAGE, {}, "non-numeric user (daemon)"),
    ],
)
async def test_root_is_refused_where_it_must_not_be(node, image, context, message):
    fields = {"image": image, "securityContext": {"runAsNonRoot": True, **context}}
    await node.create(pod("web", container=fields))
    found = await node.until("web", waits_for("CreateContainerConfigError"))
    assert message in found["status"]["containerStatuses"][0]["state"]["waiting"]["message"]


async def test_an_image_of_somebody_else_runs_where_root_must_not(node):
    fields = {"image": rig.ROOTLESS_IMAGE, "securityContext": {"runAsNonRoot": True}}
    await node.ready(pod("web", container=fields))
    assert await node.sh("web", "id -u") == "65534\n"


async def test_names_and_hosts(node):
    aliases = [{"ip": "1.2.3.4", "hostnames": ["a.example", "b.example"]}]
    found = await node.ready(pod("web", hostname="host", subdomain="sub", hostAliases=aliases))
    assert await node.sh("web", "hostname") == "host\n"
    hosts = await node.sh("web", "cat /etc/hosts")
    assert f"{found['status']['podIP']}\thost.sub.default.svc.cluster.local\thost\n" in hosts
    assert "1.2.3.4\ta.example\tb.example\n" in hosts
    assert "127.0.0.1\tlocalhost\n" in hosts


async def test_the_resolver_is_as_told(node):
    config = {"nameservers": ["9.9.9.9"], "searches": ["example.org"], "options": [{"name": "ndots", "value": "2"}]}
    await node.ready(pod("web", dnsPolicy="None", dnsConfig=config))
    text = await node.sh("web", "cat /etc/resolv.conf")
    assert text.splitlines() == ["search example.org", "nameserver 9.9.9.9", "options ndots:2"]


async def test_namespaces_of_the_node(node):
    await node.ready(pod("other"))  # with it comes the bridge
    found = await node.ready(pod("node-wide", hostNetwork=True, hostPID=True, hostIPC=True))
    assert found["status"]["podIP"] == "10.77.0.1"
    assert "cni0" in await node.sh("node-wide", "ip link")
    assert int(await node.sh("node-wide", "ls /proc | grep -c '^[0-9]'")) > 4


async def test_processes_are_shared_when_told(node):
    other = container("other", "exec sleep 4321")
    await node.ready(pod("shared", shareProcessNamespace=True, more=[other]))
    await node.ready(pod("apart", more=[other]))
    assert "sleep 4321" in await node.sh("shared", "ps")
    assert "sleep 4321" not in await node.sh("apart", "ps")


async def test_containers_of_a_pod_share_its_network(node):
    serve = container("server", "echo hi > /tmp/index.html; exec httpd -f -p 8080 -h /tmp")
    await node.ready(pod("web", more=[serve], container={"readinessProbe": _tcp(8080)}))
    assert await node.sh("web", "wget -q -O - http://127.0.0.1:8080/") == "hi\n"


def _tcp(port):
    return {"tcpSocket": {"port": port}, "periodSeconds": 1}


async def test_command_and_arguments_expand_variables(node):
    fields = {"command": ["sh", "-c"], "args": ["echo $(GREETING) > /tmp/x; exec sleep 1000"]}
    fields["env"] = [{"name": "GREETING", "value": "hello"}]
    fields["workingDir"] = "/tmp"
    await node.ready(pod("web", container=fields, more=[]))
    assert await node.sh("web", "cat /tmp/x; readlink /proc/1/cwd") == "hello\n/tmp\n"


async def test_a_host_port_leads_to_the_pod(node):
    fields = {"ports": [{"containerPort": 8080, "hostPort": 18080}], "readinessProbe": _tcp(8080)}
    found = await node.ready(pod("web", "echo hi > /tmp/index.html; exec httpd -f -p 8080 -h /tmp", container=fields))
    assert found
    await node.ready(pod("other", hostNetwork=True))
    assert await node.sh("other", "wget -q -O - http://10.77.0.1:18080/") == "hi\n"
