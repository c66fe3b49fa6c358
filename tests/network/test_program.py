import json

import pytest

from pyk8s.kernel.errors import Refused
from pyk8s.network.errors import ReservationLost
from pyk8s.network.program import LIMIT, answer
from tests.network.fakes import FakeHands

ADD = {
    "CNI_COMMAND": "ADD",
    "CNI_PATH": "/opt/cni/bin",
    "CNI_CONTAINERID": "c1",
    "CNI_NETNS": "/ns/1",
    "CNI_IFNAME": "eth0",
}


@pytest.fixture
def hands(tmp_path):
    return FakeHands(tmp_path, "/ns/1")


@pytest.fixture
def conf(tmp_path):
    ipam = {"type": "host-local", "ranges": [[{"subnet": "10.244.1.0/24"}]], "dataDir": str(tmp_path / "networks")}
    return {"cniVersion": "1.0.0", "name": "pods", "type": "pyk8s-cni", "isGateway": True, "ipam": ipam}


def ask(hands, conf, **change):
    code, output = answer(ADD | change, conf if isinstance(conf, bytes) else json.dumps(conf).encode(), hands)
    return code, json.loads(output) if output else None


def test_add_check_and_del_of_one_pod(hands, conf):
    code, result = ask(hands, conf)
    assert (code, result["ips"][0]["address"]) == (0, "10.244.1.2/24")
    assert ask(hands, conf | {"prevResult": result}, CNI_COMMAND="CHECK") == (0, None)
    assert ask(hands, conf, CNI_COMMAND="DEL") == (0, None)


def test_version_needs_no_configuration_beside_its_own(hands):
    code, result = ask(hands, {"cniVersion": "0.4.0"}, CNI_COMMAND="VERSION")
    assert (code, result["cniVersion"]) == (0, "0.4.0")


def test_the_loopback_plugin_is_the_same_program(hands):
    code, result = ask(hands, {"cniVersion": "0.3.1", "name": "lo", "type": "loopback"})
    assert (code, result["interfaces"][0]["name"]) == (0, "lo")


@pytest.mark.parametrize(
    ("document", "change", "code"),
    [
        pytest.param(b"{", {}, 6, id="no JSON"),
        pytest.param(b"[]", {}, 6, id="no object"),
        pytest.param(b" " * (LIMIT + 1), {}, 6, id="too long"),
        pytest.param(b'{"cniVersion": "9.9.9"}', {}, 1, id="a version of the future"),
        pytest.param(b'{"cniVersion": "1.0.0", "name": ""}', {}, 7, id="no name"),
        pytest.param(b'{"cniVersion": "1.0.0", "name": "x"}', {"CNI_COMMAND": "X"}, 4, id="no such command"),
        pytest.param(b'{"cniVersion": "1.0.0", "name": "x"}', {"CNI_COMMAND": "STATUS"}, 1, id="not in 1.0"),
        pytest.param(b'{"cniVersion": "1.1.0", "name": "x"}', {"CNI_COMMAND": "GC"}, 7, id="no attachments"),
    ],
)
def test_what_is_wrong_is_told_by_its_code(hands, document, change, code):
    exit_code, error = ask(hands, document, **change)
    assert (exit_code, error["code"]) == (1, code)
    assert error["msg"]
    assert error["cniVersion"]


@pytest.mark.parametrize(
    ("why", "code"),
    [
        (Refused("x", 1), 999),
        (Refused("x", 16), 11),
        (Refused("restore", 4, "the xtables lock is held"), 11),
        (ReservationLost("the folder"), 5),
        (PermissionError(13, "no"), 5),
    ],
    ids=lambda value: type(value).__name__,
)
def test_foreign_errors_become_cni_errors_at_the_door(hands, conf, why, code):
    def fail(*_):
        raise why

    hands.links.index = fail
    exit_code, error = ask(hands, conf)
    assert (exit_code, error["code"], error["cniVersion"]) == (1, code, "1.0.0")
    assert str(why) in error["details"]
