"""Which way a cluster chooses by its ConfigMap."""

import json

import pytest

from pyk8s.network.choice import BackendUnknown, choose, decode


def chosen(data):
    return decode(
        json.dumps({"metadata": {"name": "pyk8s-network", "namespace": "kube-system"}, "data": data}).encode()
    )


@pytest.mark.parametrize(
    ("maps", "backend"),
    [
        ([], "host-gw"),
        ([chosen({})], "host-gw"),
        ([chosen({"backend": " "})], "host-gw"),
        ([chosen({"other": "vxlan"})], "host-gw"),
        ([chosen({"backend": "vxlan"})], "vxlan"),
        ([chosen({"backend": "vxlan\n"})], "vxlan"),
    ],
)
def test_the_cluster_chooses_and_otherwise_the_nodes_file(maps, backend):
    assert choose(maps, "host-gw") == backend


def test_a_way_that_there_is_not_is_named_with_those_there_are():
    with pytest.raises(BackendUnknown, match="backend is 'ipip': write host-gw or vxlan; vxlan stays"):
        choose([chosen({"backend": "ipip"})], "vxlan")
