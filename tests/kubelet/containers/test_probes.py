"""Probes on real containers: each kind of question, and what follows from the answers."""

import pytest

from tests.kubelet.agent import condition, is_ready, pod, status_of

pytestmark = pytest.mark.containers

SERVE = "mkdir /tmp/w; echo ok > /tmp/w/healthz; exec httpd -f -p 8080 -h /tmp/w"


@pytest.mark.parametrize(
    "question",
    [
        pytest.param({"exec": {"command": ["test", "-e", "/tmp/w/healthz"]}}, id="a program"),
        pytest.param({"httpGet": {"path": "/healthz", "port": 8080}}, id="a GET"),
        pytest.param({"httpGet": {"path": "/healthz", "port": "web"}}, id="a GET at a named port"),
        pytest.param({"tcpSocket": {"port": 8080}}, id="a connection"),
    ],
)
async def test_a_pod_is_ready_when_it_says_so(node, question):
    fields = {"readinessProbe": {**question, "periodSeconds": 1}, "ports": [{"name": "web", "containerPort": 8080}]}
    await node.ready(pod("web", f"sleep 0.3; {SERVE}", container=fields))
    assert "Unhealthy" in [each["reason"] for each in await node.events("web")]


async def test_a_pod_that_is_no_longer_ready_says_so_and_runs_on(node):
    probe = {
        "readinessProbe": {
            "exec": {"command": ["test", "!", "-e", "/tmp/sick"]},
            "periodSeconds": 1,
            "failureThreshold": 1,
        }
    }
    await node.ready(pod("web", container=probe))
    await node.sh("web", "touch /tmp/sick")
    found = await node.until("web", lambda found: not is_ready(found))
    assert condition(found, "ContainersReady") == "False"
    assert status_of(found)["restartCount"] == 0
    await node.sh("web", "rm /tmp/sick")
    await node.until("web", is_ready)


async def test_a_container_that_does_not_live_is_started_again(node):
    probe = {
        "livenessProbe": {
            "httpGet": {"path": "/healthz", "port": 8080},
            "periodSeconds": 1,
            "failureThreshold": 1,
            "initialDelaySeconds": 1,
        }
    }
    await node.ready(pod("web", SERVE, container=probe))
    await node.sh("web", "rm /tmp/w/healthz")
    found = await node.until("web", lambda found: status_of(found)["restartCount"] == 1)
    assert "terminated" in status_of(found)["lastState"]
    messages = [each["message"] for each in await node.events("web")]
    assert "Container main failed liveness probe, will be restarted" in messages
    assert any("Liveness probe failed: HTTP probe failed with statuscode: 404" in each for each in messages)


async def test_a_container_that_does_not_start_up_is_started_again(node):
    probe = {"startupProbe": {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 2}}
    await node.create(pod("web", container=probe))
    found = await node.until("web", lambda found: status_of(found).get("restartCount") == 1)
    assert not is_ready(found)


async def test_nothing_else_is_asked_before_a_container_has_started_up(node):
    probe = {
        "startupProbe": {"exec": {"command": ["test", "-e", "/tmp/up"]}, "periodSeconds": 1, "failureThreshold": 60},
        "livenessProbe": {"exec": {"command": ["test", "-e", "/tmp/up"]}, "periodSeconds": 1, "failureThreshold": 1},
    }
    await node.create(pod("web", "sleep 2; touch /tmp/up; exec sleep 1000", container=probe))
    found = await node.until("web", is_ready)
    assert status_of(found)["restartCount"] == 0
    assert status_of(found)["started"] is True
