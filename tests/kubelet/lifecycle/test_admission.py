"""Whether the node takes a pod."""

import pytest

from pyk8s.kubelet.lifecycle.admission import counted, refuse
from tests.kubelet.values import NOON, make_pod

ROOM = {"cpu": "2", "memory": "4Gi", "pods": "3"}


def web(cpu="0", memory="0", port=0, host_network=False):
    ports = [{"containerPort": port or 80, "hostPort": 0 if host_network else port}]
    container = {"name": "web", "resources": {"requests": {"cpu": cpu, "memory": memory}}, "ports": ports}
    return make_pod(container, hostNetwork=host_network)


@pytest.mark.parametrize(
    ("pod", "others", "reason"),
    [
        (web("2"), [], None),
        (web("2"), [web("1m")], "OutOfcpu"),
        (web(memory="4Gi"), [web(memory="1")], "OutOfmemory"),
        (web(), [web("2"), web()], None),
        (web(), [web(), web(), web()], "OutOfpods"),
        (web(), [web("99")], None),
        (web(port=8080), [web(port=8080)], "NodePorts"),
        (web(port=8080), [web(port=8081)], None),
        (web(port=8080, host_network=True), [web(port=8080)], "NodePorts"),
        (web(), [web()], None),
    ],
)
def test_what_there_is_room_for(pod, others, reason):
    refused = refuse(pod, others, ROOM, NOON)
    assert (refused.reason if refused is not None else None) == reason


def test_a_refusal_says_how_much_was_missing():
    refused = refuse(web("500m"), [web("1800m")], ROOM, NOON)
    assert refused.message.endswith("Node didn't have enough resource: cpu, requested: 500, used: 1800, capacity: 2000")


def test_what_has_ended_takes_no_room():
    ended = make_pod(status={"phase": "Failed"})
    assert counted([ended, make_pod()]) == [make_pod()]
