"""What the controllers are told by their configuration file."""

import pytest

from pyk8s.api.configuration import ConfigInvalid
from pyk8s.controllers.config import Config, from_mapping


def test_a_file_is_read_with_its_own_names(tmp_path):
    authority = tmp_path / "ca.crt"
    authority.write_text("PEM")
    settings = {
        "clusterName": "demo",
        "kubeconfig": "/etc/x",
        "clusterCIDR": "10.1.0.0/16",
        "nodeCIDRMaskSize": 25,
        "nodeMonitorGracePeriod": 6,
        "rootCAFile": str(authority),
        "leaderElection": True,
    }
    assert from_mapping(settings) == Config(
        cluster_name="demo",
        cluster_cidr="10.1.0.0/16",
        node_cidr_mask_size=25,
        node_monitor_grace_period=6.0,
        root_ca="PEM",
        leader_elect=True,
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param({"clusterCidr": "10.0.0.0/8"}, "clusterCidr: no such setting: use one of cluster", id="unknown"),
        pytest.param({"clusterCIDR": 7}, "clusterCIDR: 7 is not a str", id="a wrong type"),
        pytest.param({"leaderElection": 1}, "leaderElection: 1 is not a bool", id="a number for a truth"),
        pytest.param({"nodeCIDRMaskSize": True}, "nodeCIDRMaskSize: True is not a int", id="a truth for a number"),
        pytest.param({"clusterCIDR": "10.0.0.1/8"}, "clusterCIDR: .* has host bits set", id="no range"),
        pytest.param({"nodeCIDRMaskSize": 8}, "nodeCIDRMaskSize: 8 does not fit", id="larger than the cluster"),
        pytest.param({"nodeCIDRMaskSize": 31}, "a number from 16 to 30", id="too small"),
        pytest.param({"nodeMonitorGracePeriod": 0}, "nodeMonitorGracePeriod: must be more", id="no grace"),
        pytest.param({"rootCAFile": "/nowhere/ca.crt"}, "rootCAFile: cannot read /nowhere/ca.crt", id="no such file"),
    ],
)
def test_a_mistake_is_named(settings, said):
    with pytest.raises(ConfigInvalid, match=said):
        from_mapping(settings)
