"""Who sends to whom, as it is typed."""

import pytest

from pyk8s.cluster.errors import SettingInvalid
from pyk8s.cluster.net.places import End, NothingThere, Word, end_of, packet, port_of, read_from, read_to
from pyk8s.proxy.packet import Packet


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("pod/web", Word("pods", "web")),
        ("po/web:http", Word("pods", "web", "http")),
        ("svc/web:80", Word("services", "web", "80")),
        ("service/web", Word("services", "web")),
        ("node/n1:30080", Word("nodes", "n1", "30080")),
        ("10.1.2.3:80", Word("", "10.1.2.3", "80")),
        ("10.1.2.3", Word("", "10.1.2.3")),
        ("fd00::5", Word("", "fd00::5")),
        ("[fd00::5]:80", Word("", "fd00::5", "80")),
    ],
)
def test_who_is_meant(text, word):
    assert read_to(text) == word


NOBODY = ["web", "deploy/web", "pod/", "pod/a/b", "svc/web:", "10.1.2.300", "10.1.2.3.4:80", "[fd00::g]:80", "", ":80"]


@pytest.mark.parametrize("text", NOBODY)
def test_who_is_nobody(text):
    with pytest.raises(SettingInvalid, match="pod/NAME"):
        read_to(text)


@pytest.mark.parametrize("text", ["svc/web", "pod/web:80", "10.1.2.3:80"])
def test_who_cannot_send(text):
    with pytest.raises(SettingInvalid, match="cannot send"):
        read_from(text)


NODE = {"metadata": {"name": "n1"}, "status": {"addresses": [{"type": "InternalIP", "address": "172.28.0.11"}]}}


def pod(phase="Running", ips=("10.244.0.5",), ports=(), **spec):
    status = {"phase": phase, "podIPs": [{"ip": each} for each in ips]}
    body = {"nodeName": "n1", "containers": [{"name": "main", "ports": list(ports)}], **spec}
    return {"metadata": {"name": "web", "uid": "u1"}, "spec": body, "status": status}


def service(*ports, ips=("10.96.0.20",), **spec):
    return {"metadata": {"name": "web"}, "spec": {"clusterIPs": list(ips), "ports": list(ports), **spec}}


HTTP, DNS = {"name": "http", "port": 80, "protocol": "TCP"}, {"name": "dns", "port": 53, "protocol": "UDP"}


def test_ends():
    assert end_of(Word("pods", "web"), pod(), [NODE]) == End("pod/web", ("10.244.0.5",), "n1", "u1", "web")
    assert end_of(Word("pods", "web"), pod(hostNetwork=True), [NODE]).uid == ""
    assert end_of(Word("nodes", "n1"), NODE, [NODE]) == End("node/n1", ("172.28.0.11",), "n1")
    assert end_of(Word("services", "web"), service(HTTP), [NODE]) == End("service/web", ("10.96.0.20",))
    assert end_of(Word("", "172.28.0.11"), None, [NODE]) == End("172.28.0.11", ("172.28.0.11",), "n1")
    assert end_of(Word("", "203.0.113.9"), None, [NODE]) == End("203.0.113.9", ("203.0.113.9",))


@pytest.mark.parametrize(
    ("word", "value", "why"),
    [
        (Word("pods", "web"), pod("Pending", ()), "no address yet: it is Pending"),
        (Word("pods", "web"), pod("Succeeded"), "has ended"),
        (Word("services", "web"), service(ips=("None",)), "headless"),
        (
            Word("services", "web"),
            service(ips=(), type="ExternalName", externalName="a.example"),
            "a name for a.example",
        ),
        (Word("nodes", "n1"), {"metadata": {"name": "n1"}, "status": {}}, "no address yet"),
    ],
)
def test_ends_that_nothing_can_be_sent_to(word, value, why):
    with pytest.raises(NothingThere, match=why):
        end_of(word, value, [])


@pytest.mark.parametrize(
    ("word", "value", "protocol", "port"),
    [
        (Word("services", "web"), service(HTTP, DNS), "tcp", 80),
        (Word("services", "web", "dns"), service(HTTP, DNS), "udp", 53),
        (Word("services", "web", "80"), service(HTTP), "tcp", 80),
        (Word("pods", "web"), pod(ports=[{"containerPort": 8080}]), "tcp", 8080),
        (Word("pods", "web", "http"), pod(ports=[{"containerPort": 8080, "name": "http"}]), "tcp", 8080),
        (Word("pods", "web", "9999"), pod(), "tcp", 9999),
        (Word("nodes", "n1", "30080"), NODE, "sctp", 30080),
        (Word("", "10.1.2.3", "1"), None, "tcp", 1),
    ],
)
def test_ports(word, value, protocol, port):
    assert port_of(word, value, protocol) == port


@pytest.mark.parametrize(
    ("word", "value", "protocol", "why"),
    [
        (Word("services", "web", "81"), service(HTTP), "tcp", "service/web has no port 81 of tcp; it has http 80/tcp"),
        (Word("services", "web", "80"), service(HTTP), "udp", "no port 80 of udp"),
        (Word("services", "web"), service(HTTP, {"port": 81}), "tcp", "say which port: service/web:PORT; it has"),
        (Word("pods", "web"), pod(), "tcp", "say which port: pod/web:PORT"),
        (Word("pods", "web", "http"), pod(), "tcp", "has no port http"),
        (Word("", "10.1.2.3"), None, "tcp", "say which port: 10.1.2.3:PORT"),
        (Word("", "10.1.2.3", "65536"), None, "tcp", "no port 65536"),
        (Word("", "10.1.2.3", "0"), None, "tcp", "no port 0"),
    ],
)
def test_ports_that_there_are_not(word, value, protocol, why):
    with pytest.raises(SettingInvalid, match=why):
        port_of(word, value, protocol)


def test_a_packet_is_of_a_family_that_both_have():
    both = End("pod/a", ("10.244.0.5", "fd44::5"))
    assert packet(both, End("service/b", ("fd96::1",)), 80, "tcp") == Packet("fd44::5", "fd96::1", 80, "tcp")
    with pytest.raises(NothingThere, match="no address family in common"):
        packet(End("node/a", ("172.28.0.11",)), End("service/b", ("fd96::1",)), 80, "tcp")


def test_a_word_is_written_as_it_is_typed():
    assert [str(Word("services", "web", "80")), str(Word("", "fd00::5", "80")), str(Word("pods", "a"))] == [
        "service/web:80",
        "[fd00::5]:80",
        "pod/a",
    ]
