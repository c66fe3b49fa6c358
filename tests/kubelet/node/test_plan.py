"""The Node object and its status as values."""

from datetime import UTC, datetime

import pytest

from pyk8s.api.patch.strategic import strategic_merge_patch
from pyk8s.api.schema import Schema
from pyk8s.kubelet.config import Config, Taint
from pyk8s.kubelet.node.plan import (
    Machine,
    Observed,
    allocatable,
    conditions,
    has_changed,
    images,
    lease_object,
    node_object,
    node_status,
    status_patch,
    trouble,
)
from pyk8s.kubelet.runtime.interface import Condition, ImageView

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 1, 1, 13, tzinfo=UTC)
CONFIG = Config(node_name="n", node_ip="10.0.0.1,fd00::1", capacity={"cpu": 2, "memory": "4Gi", "pods": "110"})
WELL = Observed({"RuntimeReady": Condition(True), "NetworkReady": Condition(True)}, port=10250)
NO_NETWORK = Observed({"RuntimeReady": Condition(True), "NetworkReady": Condition(False, "NoCni", "no plugin")})


def status(observed=WELL, before=(), now=NOON, config=CONFIG):
    return node_status(config, Machine(runtime="fake://1"), observed, before, now)


def test_a_node_registers_with_its_labels_and_taints():
    config = Config(
        node_name="n",
        node_ip="x",
        labels={"zone": "a"},
        taints=[Taint("k", "NoSchedule", "v"), Taint("l", "NoExecute")],
    )
    node = node_object(config, Machine(architecture="arm64"))
    assert node["metadata"]["labels"]["kubernetes.io/hostname"] == "n"
    assert node["metadata"]["labels"]["kubernetes.io/arch"] == "arm64"
    assert node["metadata"]["labels"]["zone"] == "a"
    assert node["spec"]["taints"] == [
        {"key": "k", "effect": "NoSchedule", "value": "v"},
        {"key": "l", "effect": "NoExecute"},
    ]
    assert node_object(CONFIG, Machine())["spec"] == {}


def test_where_and_what_it_is():
    made = status()
    assert made["addresses"] == [
        {"type": "InternalIP", "address": "10.0.0.1"},
        {"type": "InternalIP", "address": "fd00::1"},
        {"type": "Hostname", "address": "n"},
    ]
    assert made["capacity"]["cpu"] == "2"
    assert made["daemonEndpoints"] == {"kubeletEndpoint": {"Port": 10250}}
    assert made["nodeInfo"]["containerRuntimeVersion"] == "fake://1"
    assert "daemonEndpoints" not in status(NO_NETWORK)


def test_what_is_reserved_is_not_for_pods():
    config = Config(
        node_name="n", node_ip="x", capacity={"cpu": "2", "memory": "4Gi"}, reserved={"cpu": "500m", "memory": "1Gi"}
    )
    assert (allocatable(config)["cpu"], allocatable(config)["memory"]) == ("1500m", "3Gi")
    assert allocatable(CONFIG)["cpu"] == "2"


@pytest.mark.parametrize(
    ("observed", "ready", "words"),
    [
        (WELL, "True", "posting ready status"),
        (NO_NETWORK, "False", "container runtime network not ready: NetworkReady=false reason:NoCni message:no plugin"),
        (Observed({}, trouble="no answer"), "False", "no answer"),
        (Observed({"NetworkReady": Condition(True)}), "False", "container runtime not ready"),
    ],
)
def test_whether_it_is_ready(observed, ready, words):
    found = {each["type"]: each for each in conditions(observed, (), NOON)}
    assert found["Ready"]["status"] == ready
    assert words in found["Ready"]["message"]
    assert bool(trouble(observed)) is (ready == "False")
    assert {found[kind]["status"] for kind in ("MemoryPressure", "DiskPressure", "PIDPressure")} == {"False"}


def test_a_condition_keeps_the_time_of_its_change():
    first = conditions(WELL, (), NOON)
    same = {each["type"]: each for each in conditions(WELL, first, LATER)}
    other = {each["type"]: each for each in conditions(NO_NETWORK, first, LATER)}
    assert same["Ready"]["lastTransitionTime"] == "2026-01-01T12:00:00Z"
    assert same["Ready"]["lastHeartbeatTime"] == "2026-01-01T13:00:00Z"
    assert other["Ready"]["lastTransitionTime"] == "2026-01-01T13:00:00Z"


def test_a_heartbeat_is_no_change():
    first = status()
    assert not has_changed(first, status(before=first["conditions"], now=LATER))
    assert has_changed(first, status(NO_NETWORK, first["conditions"]))
    assert has_changed({}, first)


def test_the_largest_images_come_first_and_the_nameless_not_at_all():
    found = [ImageView("a", ("a:1",), size=1), ImageView("b", ("b:1",), ("b@x",), size=2), ImageView("c", size=3)]
    assert images(found) == [{"names": ["b@x", "b:1"], "sizeBytes": 2}, {"names": ["a:1"], "sizeBytes": 1}]
    assert len(images([ImageView(str(number), (f"{number}:1",)) for number in range(99)])) == 50


def test_a_lease_belongs_to_its_node():
    lease = lease_object(CONFIG, "uid", NOON)
    assert lease["metadata"]["ownerReferences"][0]["uid"] == "uid"
    assert lease["spec"]["renewTime"] == "2026-01-01T12:00:00.000000Z"
    assert lease_object(CONFIG, "", NOON)["metadata"]["ownerReferences"] == []


def test_both_addresses_of_a_node_of_two_families_arrive():
    shape = Schema.builtin().shape("io.k8s.api.core.v1.Node")
    before = {"status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.9"}]}}
    made = strategic_merge_patch(shape, before, status_patch(status()))
    assert made["status"]["addresses"] == status()["addresses"]
