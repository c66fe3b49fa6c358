"""unschedulable and nodename."""

import pytest

from pyk8s.scheduler.plugins import nodename, unschedulable
from tests.scheduler.makers import Cluster, node, template

CORDON = "node.kubernetes.io/unschedulable"


@pytest.mark.parametrize(
    ("tolerations", "fits"),
    [
        ([], {"a"}),
        ([{"key": CORDON, "operator": "Exists"}], {"a", "b"}),
        ([{"key": CORDON, "operator": "Exists", "effect": "NoSchedule"}], {"a", "b"}),
        ([{"key": CORDON, "operator": "Exists", "effect": "NoExecute"}], {"a"}),
        ([{"operator": "Exists"}], {"a", "b"}),
        ([{"key": "other", "operator": "Exists"}], {"a"}),
    ],
)
def test_cordoned_nodes_are_for_those_who_tolerate_it(tolerations, fits):
    cluster = Cluster(node("a"), node("b", unschedulable=True))
    mask = unschedulable.mask(template(tolerations=tolerations), cluster) & cluster.everywhere
    assert cluster.named(mask) == fits


@pytest.mark.parametrize(("named", "fits"), [("", {"a", "b"}), ("a", {"a"}), ("c", set())])
def test_a_pod_that_names_its_node_goes_there(named, fits):
    cluster = Cluster(node("a"), node("b"))
    assert cluster.named(nodename.mask(template(node=named), cluster)) == fits
