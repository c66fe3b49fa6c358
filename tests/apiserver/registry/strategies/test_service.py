"""Services: which kinds have addresses and ports, and what stays theirs."""

import pytest

from pyk8s.apiserver.registry.strategies import service as rules


def service(**spec):
    return {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80, "protocol": "TCP"}], **spec}}


@pytest.mark.parametrize(
    ("spec", "address", "ports", "health"),
    [
        ({}, True, False, False),
        ({"type": "ClusterIP", "clusterIP": "None"}, False, False, False),
        ({"type": "NodePort"}, True, True, False),
        ({"type": "LoadBalancer"}, True, True, False),
        ({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": False}, True, False, False),
        ({"type": "LoadBalancer", "externalTrafficPolicy": "Local"}, True, True, True),
        ({"type": "NodePort", "externalTrafficPolicy": "Local"}, True, True, False),
        ({"type": "ExternalName"}, False, False, False),
    ],
)
def test_what_each_kind_of_service_has(spec, address, ports, health):
    assert rules.has_address(spec) is address
    assert rules.has_node_ports(spec) is ports
    assert rules.has_health_port(spec) is health


@pytest.mark.parametrize("sent", [{"clusterIP": "10.0.0.1"}, {"clusterIPs": ["10.0.0.1"]}])
def test_an_address_stands_in_both_places(sent):
    spec = rules.prepare_for_create(service(**sent), "T")["spec"]
    assert (spec["clusterIP"], spec["clusterIPs"]) == ("10.0.0.1", ["10.0.0.1"])


def port(number=80, node=0, protocol="TCP"):
    return {"port": number, "protocol": protocol, **({"nodePort": node} if node else {})}


@pytest.mark.parametrize(
    ("new", "old", "ports"),
    [
        pytest.param([port()], [port(80, 30001)], [port(80, 30001)], id="left out"),
        pytest.param([port(80, 30002)], [port(80, 30001)], [port(80, 30002)], id="another one is named"),
        pytest.param([port(81)], [port(80, 30001)], [port(81)], id="another port"),
        pytest.param([port(80, 0, "UDP")], [port(80, 30001)], [port(80, 0, "UDP")], id="another protocol"),
        pytest.param(
            [port(), port(81, 30001)], [port(80, 30001)], [port(), port(81, 30001)], id="it moved to another port"
        ),
    ],
)
def test_node_ports_stay_with_their_port(new, old, ports):
    made = rules.prepare_for_update(service(type="NodePort", ports=new), service(type="NodePort", ports=old))
    assert made["spec"]["ports"] == ports


def test_node_ports_that_were_given_go_with_the_kind():
    made = rules.prepare_for_update(service(ports=[port(80, 30001)]), service(type="NodePort", ports=[port(80, 30001)]))
    assert made["spec"]["ports"] == [port()]


def test_an_external_name_loses_what_belongs_to_an_address():
    old = rules.prepare_for_create(service(clusterIP="10.0.0.1"), "T")
    made = rules.prepare_for_update({**old, "spec": {**old["spec"], "type": "ExternalName"}}, old)
    assert not {"clusterIP", "clusterIPs", "ipFamilies"} & made["spec"].keys()


def addressed(*addresses, **spec):
    return service(clusterIP=addresses[0], clusterIPs=list(addresses), **spec)


@pytest.mark.parametrize(
    ("new", "old", "fields"),
    [
        (service(), None, []),
        (service(ports=[]), None, ["spec.ports"]),
        (service(ports=[], clusterIP="None"), None, []),
        (service(type="ExternalName", ports=[]), None, ["spec.externalName"]),
        (service(ports=[port(80, 30000)]), None, ["spec.ports[0].nodePort"]),
        (service(clusterIP="10.0.0.1", clusterIPs=["10.0.0.2"]), None, ["spec.clusterIPs"]),
        (addressed("10.0.0.2"), addressed("10.0.0.1"), ["spec.clusterIPs[0]"]),
        (addressed("10.0.0.1", "fd00::1"), addressed("10.0.0.1"), []),
        (addressed("10.0.0.1"), addressed("10.0.0.1", "fd00::1"), []),
        (addressed("10.0.0.1", "fd00::2"), addressed("10.0.0.1", "fd00::1"), ["spec.clusterIPs[1]"]),
        (addressed("10.0.0.1", "None"), None, ["spec.clusterIPs[1]"]),
        (addressed("None", "10.0.0.1"), None, ["spec.clusterIPs"]),
        (addressed("10.0.0.1", "10.0.0.2"), None, ["spec.clusterIPs"]),
        (addressed("10.0.0.1", "fd00::1", "10.0.0.3"), None, ["spec.clusterIPs"]),
        (addressed("10.0.0.1", ipFamilies=["IPv6"]), None, ["spec.clusterIPs[0]"]),
        (addressed("None", ipFamilies=["IPv6"]), None, []),
        (service(ipFamilies=["IPv4", "IPv5", "IPv4"]), None, ["spec.ipFamilies[1]", "spec.ipFamilies[2]"]),
        (service(ipFamilyPolicy="Both"), None, ["spec.ipFamilyPolicy"]),
        (service(ipFamilies=["IPv6"]), service(ipFamilies=["IPv4"]), ["spec.ipFamilies[0]"]),
        (addressed("None", ipFamilies=["IPv6"]), addressed("None", ipFamilies=["IPv4"]), []),
        (service(clusterIP="10.0.0.2"), service(type="ExternalName"), []),
    ],
)
def test_validate(new, old, fields):
    assert [cause.field for cause in rules.validate(new, old)] == fields
