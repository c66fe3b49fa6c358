"""Addresses from another plugin: found by CNI_PATH, asked with the call's own variables, undone when ADD fails."""

import json
from dataclasses import replace

import pytest

from pyk8s.kernel.errors import Refused
from pyk8s.network.attach import add
from pyk8s.network.calls import Call
from pyk8s.network.check import check, status
from pyk8s.network.conf import read_conf
from pyk8s.network.detach import collect, delete
from pyk8s.network.errors import CniError, Code
from pyk8s.network.plan import host_link
from tests.network.fakes import FakeHands

ANSWER = {
    "cniVersion": "1.0.0",
    "ips": [{"address": "10.7.0.5/16", "gateway": "10.7.0.1"}],
    "routes": [{"dst": "0.0.0.0/0"}],
    "dns": {"nameservers": ["10.7.0.2"]},
}


@pytest.fixture
def call(tmp_path):
    for name in ("empty", "bin"):
        (tmp_path / name).mkdir()
    plugin = tmp_path / "bin" / "giver"
    plugin.touch(mode=0o755)
    path = f"{tmp_path}/empty:{tmp_path}/bin"
    environment = {"CNI_COMMAND": "ADD", "CNI_CONTAINERID": "c1", "CNI_PATH": path}
    return Call("ADD", "c1", "/ns/1", "/ns/1", "eth0", {}, environment)


@pytest.fixture
def conf():
    return read_conf({"cniVersion": "1.1.0", "name": "pods", "type": "x", "isGateway": True, "ipam": {"type": "giver"}})


@pytest.fixture
def hands(tmp_path):
    made = FakeHands(tmp_path, "/ns/1")
    made.answers["ADD"] = (0, json.dumps(ANSWER).encode())
    return made


def commands(hands):
    return [command for _, command, _ in hands.asked]


def test_what_it_gives_is_what_the_pod_gets(call, conf, hands, tmp_path):
    result = add(call, conf, hands)
    assert result["ips"] == [{"address": "10.7.0.5/16", "interface": 2, "gateway": "10.7.0.1"}]
    assert result["dns"] == {"nameservers": ["10.7.0.2"]}
    assert hands.links.observe("/ns/1")["eth0"].addresses == ("10.7.0.5/16",)
    assert hands.links.observe()["cni0"].addresses == ("10.7.0.1/16",)
    ((program, _, document),) = hands.asked
    assert (program, json.loads(document)["ipam"]) == (f"{tmp_path}/bin/giver", {"type": "giver"})


def test_its_link_is_there_before_it_is_asked(call, conf, hands):
    seen = []
    ask = hands.programs
    hands.programs = lambda *words: (seen.append("eth0" in hands.links.observe("/ns/1")), ask(*words))[1]
    add(call, conf, hands)
    assert seen == [True]


def test_del_check_gc_and_status_are_passed_on(call, conf, hands):
    result = add(call, conf, hands)
    check(call, replace(conf, previous=result), hands)
    status(call, conf, hands)
    collect(call, replace(conf, valid=()), hands)
    delete(call, conf, hands)
    assert commands(hands) == ["ADD", "CHECK", "STATUS", "GC", "DEL"]


def test_when_what_comes_later_fails_it_takes_its_address_back(call, conf, hands):
    def refuse(*_):
        raise Refused("route", 1)

    hands.routes.run = refuse
    with pytest.raises(Refused):
        add(call, conf, hands)
    assert commands(hands) == ["ADD", "DEL"]
    assert host_link("c1", "eth0") not in hands.links.observe()


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        ((1, b'{"code": 11, "msg": "wait", "details": "a little"}'), 11, "wait: a little"),
        ((1, b'{"code": 123, "msg": "its own"}'), 123, "its own"),
        ((1, b"Traceback"), Code.INTERNAL, "Traceback"),
        ((0, b"hello"), Code.UNDECODABLE, "no result"),
        ((0, b'{"cniVersion": "1.0.0", "ips": [{"address": "x"}]}'), Code.UNDECODABLE, "no result"),
        ((0, b'{"cniVersion": "1.0.0"}'), Code.INTERNAL, "no address"),
    ],
)
def test_its_errors_are_told_as_they_are_and_leave_nothing(call, conf, hands, answer, code, says):
    hands.answers["ADD"] = answer
    with pytest.raises(CniError, match=says) as refused:
        add(call, conf, hands)
    assert refused.value.code == code
    assert host_link("c1", "eth0") not in hands.links.observe()


def test_a_plugin_that_is_not_installed_is_named_with_the_path(call, conf, hands):
    with pytest.raises(CniError, match=r"giver is not installed.*/nowhere"):
        add(replace(call, environment=call.environment | {"CNI_PATH": "/nowhere"}), conf, hands)
    assert host_link("c1", "eth0") not in hands.links.observe()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((1, b'{"code": 51, "msg": "half of it is done"}'), 51),
        ((1, b"it fell over"), Code.INTERNAL),
        ((0, b"no result at all"), Code.UNDECODABLE),
        ((0, b'{"cniVersion": "1.0.0", "ips": []}'), Code.INTERNAL),
    ],
)
@pytest.mark.parametrize("undone", [(0, b""), (1, b'{"code": 7, "msg": "nor can it be undone"}')])
def test_an_add_that_fails_there_is_undone_there_and_its_own_error_is_told(call, conf, hands, answer, code, undone):
    hands.answers |= {"ADD": answer, "DEL": undone}
    with pytest.raises(CniError) as refused:
        add(call, conf, hands)
    assert refused.value.code == code
    assert commands(hands) == ["ADD", "DEL"]
    assert host_link("c1", "eth0") not in hands.links.observe()
