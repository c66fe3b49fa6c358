"""The Endpoints object of a Service."""

import pytest

from pyk8s.controllers.endpoints.plan import MOST, OVER_CAPACITY, differs, plan_endpoints
from tests.controllers.serving import pod, service


def subsets(one, *pods):
    return plan_endpoints(one, pods)["subsets"]


def ips(subset, field="addresses"):
    return [address["ip"] for address in subset.get(field, ())]


def test_ready_and_not_ready_stand_apart():
    (subset,) = subsets(service(), pod(2), pod(1), pod(3, ready=False))
    assert ips(subset) == ["10.244.0.1", "10.244.0.2"]
    assert ips(subset, "notReadyAddresses") == ["10.244.0.3"]
    assert subset["ports"] == [{"port": 8080, "protocol": "TCP"}]


def test_an_address_says_what_is_behind_it():
    (subset,) = subsets(service(cluster_ip="None"), pod(1, hostname="db-0", subdomain="web"))
    assert subset["addresses"] == [
        {
            "ip": "10.244.0.1",
            "hostname": "db-0",
            "nodeName": "node-1",
            "targetRef": {"kind": "Pod", "namespace": "shop", "name": "pod-0001", "uid": "u1"},
        }
    ]


@pytest.mark.parametrize(
    "one", [pod(leaving=True), pod(phase="Failed"), pod(ip=""), pod(ip="fd00::1")], ids=["leaving", "ended", "no", "v6"]
)
def test_who_does_not_count(one):
    assert subsets(service(), one) == []


def test_a_service_may_publish_everything():
    (subset,) = subsets(service(publishNotReadyAddresses=True), pod(1, ready=False), pod(2, leaving=True))
    assert ips(subset) == ["10.244.0.1", "10.244.0.2"]


def test_other_ports_are_another_subset():
    one = service({"name": "http", "port": 80, "targetPort": "http"})
    pods = [pod(number, ports=[{"name": "http", "containerPort": 8000 + number}]) for number in (2, 1)]
    assert [subset["ports"][0]["port"] for subset in subsets(one, *pods, pod(3))] == [8001, 8002]


def test_a_headless_service_without_ports_has_addresses_alone():
    one = service(None, cluster_ip="None")
    assert [sorted(subset) for subset in subsets(one, pod())] == [["addresses"]]


def test_what_is_too_much_is_left_out_and_said():
    many = [pod(number, ready=number > 10) for number in range(1, MOST + 21)]
    made = plan_endpoints(service(), many)
    (subset,) = made["subsets"]
    assert len(subset["addresses"]) == MOST
    assert "notReadyAddresses" not in subset
    assert made["metadata"]["annotations"] == {OVER_CAPACITY: "truncated"}


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        pytest.param({}, False, id="the same"),
        pytest.param({"subsets": []}, True, id="other addresses"),
        pytest.param({"metadata": {"labels": {}}}, True, id="other labels"),
        pytest.param(
            {
                "metadata": {
                    "labels": {"endpoints.kubernetes.io/managed-by": "endpoint-controller"},
                    "annotations": {"a": "b"},
                }
            },
            False,
            id="annotations of others",
        ),
    ],
)
def test_it_is_written_only_when_it_differs(change, wanted):
    made = plan_endpoints(service(), [pod()])
    assert differs({**made, **change}, made) is wanted
