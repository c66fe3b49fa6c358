"""A pod that was started anew has its new addresses only."""

from pyk8s.api.patch.strategic import DIRECTIVE
from pyk8s.kubelet.status.plan import status_patch


def test_the_addresses_of_a_pod_are_replaced_where_a_merge_would_keep_the_old_ones():
    known = {"podIP": "10.244.0.2", "podIPs": [{"ip": "10.244.0.2"}], "conditions": []}
    new = {"podIP": "10.244.0.3", "podIPs": [{"ip": "10.244.0.3"}], "conditions": []}
    patch = status_patch(known, new)
    assert patch["podIPs"] == [{DIRECTIVE: "replace"}, {"ip": "10.244.0.3"}]
    assert "hostIPs" not in patch
