"""What a pod asks for is what its container gets: probes, restarts, volumes, limits, environment, identity."""

import pytest

from tests.e2e.cluster import eventually, pod

pytestmark = pytest.mark.e2e


def status(cluster, name):
    """The status of the container of a pod."""
    return cluster.json("get", f"pod/{name}")["status"]["containerStatuses"][0]


def started(cluster, made):
    """Create the pod and wait until it is Ready."""
    cluster.apply(made)
    cluster.wait("condition=Ready", f"pod/{made['metadata']['name']}")
    return made["metadata"]["name"]


def ended(cluster, made, phase):
    """Create the pod and wait for its phase."""
    cluster.apply(made)
    name = made["metadata"]["name"]
    cluster.wait(f"jsonpath={{.status.phase}}={phase}", f"pod/{name}")
    return name


@pytest.mark.parametrize(
    ("kind", "probe"),
    [
        pytest.param("exec", {"exec": {"command": ["test", "-e", "/tmp/well"]}}, id="exec"),
        pytest.param("http", {"httpGet": {"port": 8080, "path": "/well"}}, id="http"),
        pytest.param("tcp", {"tcpSocket": {"port": 9000}}, id="tcp"),
    ],
)
def test_a_pod_is_ready_only_once_its_readiness_probe_says_so(cluster, image, kind, probe):
    command = "mkdir -p /www; httpd -p 8080 -h /www; sleep 3600"
    made = pod("p", command, image=image, container={"readinessProbe": {**probe, "periodSeconds": 1}})
    cluster.apply(made)
    cluster.wait("jsonpath={.status.phase}=Running", "pod/p")
    assert cluster.field("pod/p", '.status.conditions[?(@.type=="Ready")].status') == "False"
    well = {"exec": "touch /tmp/well", "http": "touch /www/well", "tcp": "httpd -p 9000 -h /www"}[kind]
    cluster.exec("p", "sh", "-c", well)
    cluster.wait("condition=Ready", "pod/p")


def test_a_failed_liveness_probe_restarts_the_container_and_says_why(cluster, image):
    probe = {"exec": {"command": ["test", "!", "-e", "/tmp/sick"]}, "periodSeconds": 1, "failureThreshold": 1}
    started(cluster, pod("p", "sleep 3600", image=image, container={"livenessProbe": probe}))
    cluster.exec("p", "touch", "/tmp/sick")
    cluster.wait("jsonpath={.status.containerStatuses[0].restartCount}=1", "pod/p")
    eventually(lambda: "Liveness probe failed" in cluster("events", "--for", "pod/p"))


def test_a_startup_probe_holds_the_others_back(cluster, image):
    container = {
        "startupProbe": {"exec": {"command": ["test", "-e", "/tmp/up"]}, "periodSeconds": 1, "failureThreshold": 60},
        "livenessProbe": {"exec": {"command": ["test", "-e", "/tmp/up"]}, "periodSeconds": 1, "failureThreshold": 1},
    }
    cluster.apply(pod("p", "sleep 3600", image=image, container=container))
    cluster.wait("jsonpath={.status.phase}=Running", "pod/p")
    cluster.exec("p", "touch", "/tmp/up")
    cluster.wait("condition=Ready", "pod/p")
    assert status(cluster, "p")["restartCount"] == 0


@pytest.mark.parametrize(
    ("policy", "code", "phase"),
    [("Never", 0, "Succeeded"), ("Never", 3, "Failed"), ("OnFailure", 0, "Succeeded")],
)
def test_a_pod_that_ends_has_its_phase_and_exit_code(cluster, image, policy, code, phase):
    ended(cluster, pod("p", f"exit {code}", image=image, restartPolicy=policy), phase)
    assert status(cluster, "p")["state"]["terminated"]["exitCode"] == code


def test_always_restarts_with_a_growing_delay(cluster, image):
    cluster.apply(pod("p", "exit 1", image=image))
    cluster.wait("jsonpath={.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff", "pod/p")
    held = status(cluster, "p")
    assert held["restartCount"] >= 1
    assert held["lastState"]["terminated"]["reason"] == "Error"
    assert "CrashLoopBackOff" in cluster("get", "pod/p")


def test_init_containers_come_first_and_in_order(cluster, image):
    def init(name, command):
        mounts = [{"name": "v", "mountPath": "/v"}]
        return {"name": name, "image": image, "command": ["sh", "-c", command], "volumeMounts": mounts}

    made = pod("p", "cat /v/log; sleep 3600", image=image, volumes=[{"name": "v", "emptyDir": {}}])
    made["spec"]["initContainers"] = [init("one", "echo one >> /v/log"), init("two", "echo two >> /v/log")]
    made["spec"]["containers"][0]["volumeMounts"] = [{"name": "v", "mountPath": "/v"}]
    started(cluster, made)
    eventually(lambda: cluster.logs("p") == "one\ntwo\n")


def test_a_container_that_takes_too_much_memory_is_killed_and_says_so(cluster, image):
    command = "x=a; while true; do x=$x$x; done"
    container = {"resources": {"limits": {"memory": "16Mi"}}}
    ended(cluster, pod("p", command, image=image, container=container, restartPolicy="Never"), "Failed")
    assert status(cluster, "p")["state"]["terminated"]["reason"] == "OOMKilled"


def test_limits_reach_the_control_group(cluster, image):
    container = {"resources": {"limits": {"cpu": "250m", "memory": "64Mi"}, "requests": {"cpu": "100m"}}}
    started(cluster, pod("p", "sleep 3600", image=image, container=container))
    memory = cluster.exec(
        "p", "sh", "-c", "cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes"
    )
    assert memory.strip() == str(64 * 1024 * 1024)
    quota = cluster.exec(
        "p", "sh", "-c", "cat /sys/fs/cgroup/cpu.max 2>/dev/null || cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us"
    )
    assert quota.split()[0] == "25000"


def test_environment_from_fields_config_maps_and_secrets(cluster, image):
    cluster("create", "configmap", "settings", "--from-literal=colour=blue", "--from-literal=size=9")
    cluster("create", "secret", "generic", "db", "--from-literal=password=s3cret")
    env = [
        {"name": "MY_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "MY_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "MY_NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        {"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "colour"}}},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
        {"name": "GREETING", "value": "hello $(MY_NAME)"},
    ]
    container = {"env": env, "envFrom": [{"configMapRef": {"name": "settings"}, "prefix": "S_"}]}
    started(cluster, pod("p", "env; sleep 3600", image=image, container=container))
    held = dict(line.partition("=")[::2] for line in cluster.logs("p").splitlines())
    assert held["MY_NAME"] == "p"
    assert held["MY_IP"] == cluster.field("pod/p", ".status.podIP")
    assert held["MY_NODE"] == cluster.field("pod/p", ".spec.nodeName")
    assert (held["COLOUR"], held["PASSWORD"]) == ("blue", "s3cret")
    assert held["GREETING"] == "hello p"
    assert (held["S_colour"], held["S_size"]) == ("blue", "9")
    assert held["KUBERNETES_SERVICE_PORT"] == "443"


def test_volumes_of_every_kind(cluster, image, tmp_path):
    cluster("create", "configmap", "settings", "--from-literal=colour=blue")
    cluster("create", "secret", "generic", "db", "--from-literal=password=s3cret")
    volumes = [
        {"name": "empty", "emptyDir": {}},
        {"name": "memory", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
        {"name": "host", "hostPath": {"path": "/mnt/shared", "type": "DirectoryOrCreate"}},
        {"name": "config", "configMap": {"name": "settings"}},
        {"name": "secret", "secret": {"secretName": "db", "defaultMode": 0o400}},
        {"name": "down", "downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        {
            "name": "all",
            "projected": {
                "sources": [
                    {"configMap": {"name": "settings", "items": [{"key": "colour", "path": "a/colour"}]}},
                    {"secret": {"name": "db"}},
                    {"serviceAccountToken": {"path": "token", "expirationSeconds": 600}},
                ]
            },
        },
    ]
    mounts = [{"name": each["name"], "mountPath": f"/v/{each['name']}"} for each in volumes]
    started(cluster, pod("p", "sleep 3600", image=image, container={"volumeMounts": mounts}, volumes=volumes))
    assert cluster.exec("p", "sh", "-c", "echo x > /v/empty/f && cat /v/empty/f") == "x\n"
    assert "tmpfs" in cluster.exec("p", "sh", "-c", "grep ' /v/memory ' /proc/mounts")
    assert cluster.exec("p", "sh", "-c", "echo y > /v/host/f && cat /v/host/f") == "y\n"
    assert cluster.exec("p", "cat", "/v/config/colour") == "blue"
    assert cluster.exec("p", "sh", "-c", "cat /v/secret/password; stat -Lc %a /v/secret/password") == "s3cret400\n"
    assert cluster.exec("p", "cat", "/v/down/labels").strip() == 'app="p"'
    assert cluster.exec("p", "cat", "/v/all/a/colour") == "blue"
    assert cluster.exec("p", "cat", "/v/all/token").count(".") == 2


def test_a_changed_config_map_reaches_its_volume(cluster, image):
    cluster("create", "configmap", "settings", "--from-literal=colour=blue")
    volumes = [{"name": "v", "configMap": {"name": "settings"}}]
    mounts = {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    started(cluster, pod("p", "sleep 3600", image=image, container=mounts, volumes=volumes))
    cluster("patch", "configmap", "settings", "-p", '{"data":{"colour":"red"}}')
    eventually(lambda: cluster.exec("p", "cat", "/v/colour") == "red", seconds=90)


def test_a_program_in_a_pod_uses_the_api_with_its_token(cluster, image):
    cluster("create", "rolebinding", "readers", "--clusterrole=view", f"--serviceaccount={cluster.namespace}:default")
    started(cluster, pod("p", "sleep 3600", image=image))
    script = (
        "D=/var/run/secrets/kubernetes.io/serviceaccount; "
        'curl -sf -m 5 --cacert $D/ca.crt -H "Authorization: Bearer $(cat $D/token)" '
        f"https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT/api/v1/namespaces/{cluster.namespace}/pods"
    )
    assert '"name":"p"' in cluster.exec("p", "bash", "-c", script).replace(" ", "")
    forbidden = script.replace("-sf", "-s").replace("/pods", "/secrets")
    assert '"reason":"Forbidden"' in cluster.exec("p", "bash", "-c", forbidden).replace(" ", "")


def test_lifecycle_hooks_and_the_grace_period(cluster, image):
    command = "trap 'echo term >> /v/log; exit 0' TERM; echo run >> /v/log; while true; do sleep 0.1; done"
    container = {
        "volumeMounts": [{"name": "v", "mountPath": "/v"}],
        "lifecycle": {
            "postStart": {"exec": {"command": ["sh", "-c", "echo post >> /v/log"]}},
            "preStop": {"exec": {"command": ["sh", "-c", "echo pre >> /v/log"]}},
        },
    }
    volumes = [{"name": "v", "hostPath": {"path": f"/mnt/{cluster.namespace}", "type": "DirectoryOrCreate"}}]
    here = {"nodeSelector": {"kubernetes.io/hostname": "node-1"}}
    started(cluster, pod("p", command, image=image, container=container, volumes=volumes, **here))
    cluster("delete", "pod/p")
    reader = pod("r", "cat /v/log", image=image, volumes=volumes, restartPolicy="Never", **here)
    reader["spec"]["containers"][0]["volumeMounts"] = container["volumeMounts"]
    ended(cluster, reader, "Succeeded")
    lines = cluster.logs("r").split()
    assert sorted(lines[:2]) == ["post", "run"]
    assert lines[2:] == ["pre", "term"]


def test_the_user_and_a_read_only_root(cluster, image):
    context = {"securityContext": {"runAsUser": 1234, "runAsGroup": 99, "readOnlyRootFilesystem": True}}
    started(cluster, pod("p", "sleep 3600", image=image, container=context))
    assert cluster.exec("p", "sh", "-c", "id -u; id -g; touch /x 2>&1 || true").split()[:2] == ["1234", "99"]
    assert "Read-only" in cluster.exec("p", "sh", "-c", "touch /x 2>&1 || true")
