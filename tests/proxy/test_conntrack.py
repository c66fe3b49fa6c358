from dataclasses import replace

import pytest

from pyk8s.kernel.conntrack.values import Flow
from pyk8s.proxy.conntrack import concerned, plan_forgetting
from pyk8s.proxy.plan import Endpoint, Intent, Pool

NODES = ("172.30.0.2", "127.0.0.1")
CLIENT = ("10.244.0.7", 4242)


def dns(*addresses, **change):
    pool = Pool(tuple(Endpoint(address, 53) for address in addresses))
    intent = Intent("shop/dns", "", "udp", "10.96.0.10", 53, 30053, inside=pool, outside=pool, everyone=pool)
    return replace(intent, **change)


def flow(asked, answerer):
    return Flow("udp", CLIENT, asked, answerer)


SERVICE, NODE_PORT = ("10.96.0.10", 53), ("172.30.0.2", 30053)
ONE, TWO = ("10.0.0.1", 53), ("10.0.0.2", 53)


@pytest.mark.parametrize(
    ("seen", "before", "after", "forgotten"),
    [
        pytest.param(flow(SERVICE, ONE), [dns("10.0.0.1")], [dns("10.0.0.1")], False, id="it still goes there"),
        pytest.param(flow(SERVICE, ONE), [dns("10.0.0.1")], [dns("10.0.0.2")], True, id="its endpoint is gone"),
        pytest.param(flow(SERVICE, ONE), [dns("10.0.0.1")], [dns()], True, id="its endpoint is gone, no other"),
        pytest.param(flow(SERVICE, SERVICE), [dns()], [dns("10.0.0.1")], True, id="it went nowhere, now there is one"),
        pytest.param(flow(SERVICE, SERVICE), [dns()], [dns()], False, id="it goes nowhere, and nobody is there"),
        pytest.param(flow(SERVICE, ONE), [dns("10.0.0.1")], [], True, id="the service is gone"),
        pytest.param(
            flow(SERVICE, ("192.0.2.9", 53)), [dns("10.0.0.1")], [], False, id="the service is gone, others led it"
        ),
        pytest.param(flow(NODE_PORT, ONE), [dns("10.0.0.1")], [dns("10.0.0.2")], True, id="by the node port"),
        pytest.param(flow(("192.0.2.9", 30053), ("192.0.2.9", 30053)), [], [dns("10.0.0.1")], False, id="elsewhere"),
        pytest.param(
            flow(("198.51.100.7", 53), ONE),
            [dns("10.0.0.1", external_ips=("198.51.100.7",))],
            [dns("10.0.0.2", external_ips=("198.51.100.7",))],
            True,
            id="by an external IP",
        ),
        pytest.param(replace(flow(SERVICE, ONE), protocol="tcp"), [dns("10.0.0.1")], [], False, id="TCP ends itself"),
        pytest.param(flow(("8.8.8.8", 53), ("8.8.8.8", 53)), [dns("10.0.0.1")], [dns("10.0.0.2")], False, id="others'"),
    ],
)
def test_which_connections_are_forgotten(seen, before, after, forgotten):
    assert plan_forgetting([seen], before, after, NODES) == ((seen,) if forgotten else ())


def test_only_udp_is_worth_looking():
    assert concerned([dns()], [])
    assert concerned([], [dns()])
    assert not concerned([dns(protocol="tcp")], [dns(protocol="tcp")])
