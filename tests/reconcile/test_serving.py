"""Which pods stand behind a service, and on which ports."""

import pytest

from pyk8s.api.refs import PODS, SERVICES
from pyk8s.client.fake import FakeClient
from pyk8s.client.informer import Informer
from pyk8s.reconcile.objects import EndpointPort
from pyk8s.reconcile.serving import (
    SELECTION,
    addresses,
    by_labels,
    by_selector,
    can_be_endpoint,
    families,
    hostname,
    pods_of,
    ports_of,
    services_of,
    woken,
)
from tests.controllers.serving import pod, service


class Held:
    """What an informer answers, without one."""

    def __init__(self, index, *objects):
        self._index, self._objects = index, objects

    def by_index(self, name, value):
        assert name == SELECTION
        return [one for one in self._objects if value in self._index(one)]


@pytest.mark.parametrize(
    ("port", "containers", "number"),
    [
        pytest.param({"port": 80, "targetPort": 8080}, [], 8080, id="a number"),
        pytest.param({"port": 80}, [], 80, id="none: the port itself"),
        pytest.param({"port": 80, "targetPort": 0}, [], 80, id="nothing: the port itself"),
        pytest.param({"port": 80, "targetPort": "http"}, [{"name": "http", "containerPort": 81}], 81, id="a name"),
        pytest.param(
            {"port": 80, "targetPort": "http"}, [{"name": "other", "containerPort": 81}], None, id="no such name"
        ),
        pytest.param(
            {"port": 80, "targetPort": "dns"},
            [{"name": "dns", "containerPort": 53, "protocol": "UDP"}],
            None,
            id="the name of another protocol",
        ),
        pytest.param(
            {"port": 80, "targetPort": "dns", "protocol": "UDP"},
            [{"name": "dns", "containerPort": 53, "protocol": "UDP"}],
            53,
            id="the name of this protocol",
        ),
    ],
)
def test_ports(port, containers, number):
    found = ports_of(service(port), pod(ports=containers))
    assert [one.port for one in found] == ([] if number is None else [number])


def test_a_sidecar_may_have_the_port_and_an_ordinary_init_container_may_not():
    named = {"port": 80, "targetPort": "http"}
    ports = [{"name": "http", "containerPort": 81}]
    sidecar = pod(initContainers=[{"name": "proxy", "restartPolicy": "Always", "ports": ports}])
    first = pod(initContainers=[{"name": "setup", "ports": ports}])
    assert [one.port for one in ports_of(service(named), sidecar)] == [81]
    assert ports_of(service(named), first) == ()


def test_ports_are_in_order_of_their_names():
    both = service({"name": "b", "port": 2}, {"name": "a", "port": 1, "appProtocol": "h2c"})
    assert ports_of(both, pod()) == (EndpointPort("a", "TCP", 1, "h2c"), EndpointPort("b", "TCP", 2, None))


@pytest.mark.parametrize(
    ("one", "possible"),
    [
        pytest.param(pod(), True, id="runs"),
        pytest.param(pod(ready=False), True, id="is not ready"),
        pytest.param(pod(leaving=True), True, id="is on its way out"),
        pytest.param(pod(ip=""), False, id="has no address"),
        pytest.param(pod(phase="Failed"), False, id="has failed"),
        pytest.param(pod(phase="Succeeded"), False, id="has ended"),
    ],
)
def test_who_can_be_an_endpoint(one, possible):
    assert can_be_endpoint(one) is possible


@pytest.mark.parametrize(
    ("one", "wanted"),
    [
        pytest.param(service(), ("IPv4",), id="by its cluster IP"),
        pytest.param(service(cluster_ip="fd00::1"), ("IPv6",), id="by its IPv6 cluster IP"),
        pytest.param(service(cluster_ip="None"), ("IPv4",), id="headless"),
        pytest.param(service(ipFamilies=["IPv6", "IPv4"]), ("IPv6", "IPv4"), id="as it says"),
    ],
)
def test_families(one, wanted):
    assert families(one) == wanted


def test_addresses_fall_back_to_the_single_one():
    assert addresses(pod(ip="10.0.0.1 fd00::1")) == ["10.0.0.1", "fd00::1"]
    assert addresses(pod(ip="")) == []


def test_a_pod_has_a_host_name_in_its_subdomain_only():
    assert hostname(pod(hostname="db-0", subdomain="web"), service()) == "db-0"
    assert hostname(pod(hostname="db-0", subdomain="other"), service()) == ""


def test_a_service_selects_by_all_its_labels_within_its_namespace():
    wanted = service(selector={"app": "web", "tier": "front"})
    both = pod(1, labels={"app": "web", "tier": "front", "more": "yes"})
    one = pod(2, labels={"app": "web"})
    assert pods_of(wanted, Held(by_labels, both, one)) == [both]
    assert services_of(both, Held(by_selector, wanted)) == [wanted]
    assert services_of(one, Held(by_selector, wanted)) == []


def test_a_service_without_a_selector_has_no_pods():
    assert pods_of(service(selector={}), Held(by_labels, pod())) == []


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        pytest.param(None, pod(), ["shop/web"], id="a new pod"),
        pytest.param(pod(), None, ["shop/web"], id="a pod that is gone"),
        pytest.param(pod(), pod(), [], id="nothing that matters"),
        pytest.param(pod(), pod(ready=False), ["shop/web"], id="readiness"),
        pytest.param(pod(), pod(leaving=True), ["shop/web"], id="on its way out"),
        pytest.param(pod(ip=""), pod(), ["shop/web"], id="an address"),
        pytest.param(pod(), pod(node="node-2"), ["shop/web"], id="a node"),
        pytest.param(pod(), pod(phase="Failed"), ["shop/web"], id="an end"),
        pytest.param(pod(), pod(labels={"app": "db"}), ["shop/web"], id="out of the selection"),
        pytest.param(pod(labels={"app": "db"}), pod(labels={"app": "db"}, ready=False), [], id="not selected"),
    ],
)
def test_services_are_woken_by_what_matters_to_them(old, new, keys):
    assert list(woken(old, new, Held(by_selector, service()))) == keys


async def test_the_indices_work_on_informers():
    informers = [Informer(FakeClient(), ref) for ref in (PODS, SERVICES)]
    for informer, index in zip(informers, (by_labels, by_selector), strict=True):
        informer.add_index(SELECTION, index)
        assert informer.by_index(SELECTION, "shop/app=web") == []
