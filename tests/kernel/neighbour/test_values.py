"""Which entries a plan puts and removes."""

import pytest

from pyk8s.kernel.neighbour.values import Forwarding, Neighbour, Put, Remove, plan

A = Neighbour("vx", "10.244.1.0", "0a:00:00:00:00:01")
MOVED = Neighbour("vx", "10.244.1.0", "0a:00:00:00:00:09")
ELSEWHERE = Neighbour("other", "10.244.1.0", "0a:00:00:00:00:01")
TO_A = Forwarding("vx", "0a:00:00:00:00:01", "172.30.0.2")
TO_MOVED = Forwarding("vx", "0a:00:00:00:00:01", "172.30.0.9")


@pytest.mark.parametrize(
    ("desired", "observed", "planned"),
    [
        pytest.param([A, TO_A], [], (Put(A), Put(TO_A)), id="new"),
        pytest.param([A, TO_A], [TO_A, A], (), id="as wanted"),
        pytest.param([], [A, TO_A], (Remove(A), Remove(TO_A)), id="wanted no more"),
        pytest.param([MOVED], [A], (Put(MOVED),), id="another MAC"),
        pytest.param([TO_MOVED], [TO_A], (Put(TO_MOVED),), id="another host"),
        pytest.param([A], [ELSEWHERE], (Put(A), Remove(ELSEWHERE)), id="another link; new ones come first"),
    ],
)
def test_entries_become_the_desired_ones(desired, observed, planned):
    assert plan(desired, observed) == planned
