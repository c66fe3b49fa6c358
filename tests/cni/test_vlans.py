"""VLANs on the bridge, beside Debian's plugin: on kernels that can keep them apart."""

from typing import Any

import pytest

from tests.cni.beside import REFERENCE, Host, leases, plain, pod_side, side_by_side
from tests.cni.test_effects import Answering, seen
from tests.features import bridges_have_vlans

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(not REFERENCE.is_dir(), reason="containernetworking-plugins is not installed"),
]

needs_vlans = pytest.mark.skipif(not bridges_have_vlans(), reason="this kernel keeps no VLANs apart on a bridge")


def conf(**changes: Any) -> dict[str, Any]:
    ipam = {"type": "host-local", "dataDir": "FOLDER/networks", "subnet": "10.9.0.0/24"}
    base = {"cniVersion": "1.0.0", "name": "net", "type": "bridge", "bridge": "br0", "ipam": ipam}
    return base | changes


def memberships(host: Host) -> list[Any]:
    """The VLANs of each port of the host's bridge, names of ports left out."""
    ports = [each for each in host.look("bridge -j vlan show") if each["ifname"] not in ("br0", "br0.10")]
    return sorted(
        sorted((vlan["vlan"], tuple(sorted(vlan.get("flags", ())))) for vlan in each["vlans"]) for each in ports
    )


@needs_vlans
def test_an_access_port_is_the_same_with_both(tmp_path):
    with side_by_side(tmp_path) as hosts:
        results = [host.call("ADD", conf(vlan=10)) for host in hosts]
        assert [code for code, _ in results] == [0, 0], results
        told = [plain(host, result) for host, (_, result) in zip(hosts, results, strict=True)]
        assert told[0] == told[1]
        assert memberships(hosts[0]) == memberships(hosts[1])
        assert pod_side(hosts[0]) == pod_side(hosts[1])
        assert [host.call("DEL", conf(vlan=10)) for host in hosts] == [(0, {}), (0, {})]
        assert leases(hosts[0]) == leases(hosts[1])


@needs_vlans
def test_a_vlans_gateway_is_the_same_with_both_and_shared_by_its_pods(tmp_path):
    given = conf(vlan=10, isGateway=True)
    with side_by_side(tmp_path, pods=2) as hosts:
        for pod in (0, 1):
            results = [host.call("ADD", given, pod=pod) for host in hosts]
            assert [code for code, _ in results] == [0, 0], results
            told = [plain(host, result) for host, (_, result) in zip(hosts, results, strict=True)]
            assert told[0] == told[1]
        addresses = [
            [each["local"] for each in host.look("ip -j addr show br0.10")[0]["addr_info"] if each["family"] == "inet"]
            for host in hosts
        ]
        assert addresses == [["10.9.0.1"]] * 2
        assert memberships(hosts[0]) == memberships(hosts[1])
        with Answering(hosts[1].netns, 80):
            assert seen(hosts[1].pods[0], "10.9.0.1", 80) == "10.9.0.2"


@needs_vlans
@pytest.mark.parametrize(("other", "heard"), [(10, True), (20, False)])
def test_pods_of_one_vlan_hear_each_other_and_no_others(other, heard, tmp_path):
    with side_by_side(tmp_path, pods=2) as hosts:
        for host in hosts:
            for pod, vlan in ((0, 10), (1, other)):
                given = conf(vlan=vlan, preserveDefaultVlan=False)
                assert host.call("ADD", given, pod=pod)[0] == 0
        _, ours = hosts
        with Answering(ours.pods[1], 80):
            assert (seen(ours.pods[0], "10.9.0.3", 80, 3.0) == "10.9.0.2") is heard


@needs_vlans
def test_a_trunk_carries_its_vlans_tagged(tmp_path):
    with side_by_side(tmp_path) as (_, ours):
        given = conf(vlanTrunk=[{"id": 5}, {"minID": 10, "maxID": 12}], preserveDefaultVlan=False)
        code, result = ours.call("ADD", given)
        assert code == 0, result
        assert memberships(ours) == [[(5, ()), (10, ()), (11, ()), (12, ())]]
        assert ours.call("CHECK", given | {"prevResult": result}) == (0, {})


@pytest.mark.skipif(bridges_have_vlans(), reason="what a kernel without VLANs is told: this one has them")
@pytest.mark.parametrize("field", [{"vlan": 10}, {"vlanTrunk": [{"id": 5}]}])
def test_a_kernel_without_vlans_is_error_2_that_names_the_field_and_leaves_nothing(field, tmp_path):
    with side_by_side(tmp_path) as (_, ours):
        code, error = ours.call("ADD", conf(**field))
        assert (code, error["code"]) == (1, 2)
        assert next(iter(field)) in error["msg"]
        assert [each["ifname"] for each in ours.look("ip -j link")] == ["lo", "br0"]
        assert leases(ours).keys() <= {"last_reserved_ip.0"}
