import pytest

from pyk8s.kernel.route.values import Put, Remove, Route, plan

OURS = 80
WANTED = Route("10.244.1.0/24", "172.30.0.3", protocol=OURS)


def seen(**changes):
    fields = {"destination": "10.244.1.0/24", "gateway": "172.30.0.3", "device": "eth0", "protocol": OURS}
    return Route(**(fields | changes))


@pytest.mark.parametrize(
    ("observed", "actions"),
    [
        pytest.param([seen()], (), id="there already, by whatever device"),
        pytest.param([], (Put(WANTED),), id="missing"),
        pytest.param([seen(gateway="172.30.0.9")], (Put(WANTED),), id="another gateway"),
        pytest.param([seen(protocol=4)], (Put(WANTED),), id="somebody else's is not ours"),
        pytest.param(
            [seen(), seen(destination="10.244.7.0/24")],
            (Remove(seen(destination="10.244.7.0/24")),),
            id="ours that nobody wants",
        ),
        pytest.param([seen(), seen(destination="0.0.0.0/0", protocol=4)], (), id="routes of others stay"),
    ],
)
def test_plan(observed, actions):
    assert plan([WANTED], observed, OURS) == actions


def test_a_wish_for_a_device_is_not_met_by_another():
    wish = Route("10.7.0.0/16", device="br0", protocol=OURS)
    assert plan([wish], [Route("10.7.0.0/16", device="br1", protocol=OURS)], OURS) == (Put(wish),)
