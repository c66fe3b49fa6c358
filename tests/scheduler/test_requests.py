import pytest

from pyk8s.scheduler.requests import amount, requested
from tests.scheduler.makers import pod

MI = 1024 * 1024


def container(cpu="", memory="", *, sidecar=False, **more):
    requests = {**({"cpu": cpu} if cpu else {}), **({"memory": memory} if memory else {}), **more}
    return {"name": "x", "resources": {"requests": requests}, **({"restartPolicy": "Always"} if sidecar else {})}


@pytest.mark.parametrize(
    ("resource", "quantity", "value"),
    [
        ("cpu", "250m", 250),
        ("cpu", "2", 2000),
        ("cpu", 1.5, 1500),
        ("memory", "1Ki", 1024),
        ("x/y", "3", 3),
        ("cpu", "?", 0),
    ],
)
def test_an_amount_in_the_unit_of_its_resource(resource, quantity, value):
    assert amount(resource, quantity) == value


@pytest.mark.parametrize(
    ("containers", "inits", "more", "wanted"),
    [
        pytest.param([container()], [], {}, {}, id="nothing asked for"),
        pytest.param([container("100m", "1Mi"), container("200m")], [], {}, {"cpu": 300, "memory": MI}, id="summed"),
        pytest.param([container("100m")], [container("300m")], {}, {"cpu": 300}, id="a large init container"),
        pytest.param([container("500m")], [container("300m"), container("400m")], {}, {"cpu": 500}, id="small ones"),
        pytest.param(
            [container("100m")], [container("50m", sidecar=True)], {}, {"cpu": 150}, id="a sidecar runs along"
        ),
        pytest.param(
            [container("100m")],
            [container("50m", sidecar=True), container("200m")],
            {},
            {"cpu": 250},
            id="an init container beside a sidecar",
        ),
        pytest.param(
            [container("100m")],
            [container("200m"), container("50m", sidecar=True)],
            {},
            {"cpu": 200},
            id="a sidecar that starts later",
        ),
        pytest.param(
            [container("100m")],
            [],
            {"overhead": {"cpu": "10m", "memory": "1Mi"}},
            {"cpu": 110, "memory": MI},
            id="overhead",
        ),
        pytest.param(
            [container("100m", "1Mi")],
            [],
            {"resources": {"requests": {"cpu": "1"}}},
            {"cpu": 1000, "memory": MI},
            id="the pod as a whole",
        ),
        pytest.param([container(**{"example.com/gpu": "2"})], [], {}, {"example.com/gpu": 2}, id="any resource"),
        pytest.param([container("0")], [], {}, {}, id="zero is nothing"),
    ],
)
def test_what_a_pod_needs(containers, inits, more, wanted):
    spec = pod(containers=containers, initContainers=inits, **more).spec
    assert requested(spec) == {**wanted, "pods": 1}


def test_a_container_that_asks_for_nothing_counts_as_something_when_nodes_are_compared():
    spec = pod(containers=[container(), container("1", "1Gi")]).spec
    assert requested(spec, scored=True) == {"cpu": 1100, "memory": (1024 + 200) * MI, "pods": 1}
