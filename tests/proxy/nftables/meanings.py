"""Services for the tests of a ruleset, and strategies that make them."""

from hypothesis import strategies as some

from pyk8s.proxy.plan import Settings, plan_service
from tests.proxy.services import at, endpoint_slice, service

SETTINGS = Settings(cluster_ranges=("10.244.0.0/16",), service_ranges=("10.96.0.0/16",), node_addresses=("172.30.0.2",))
BALANCED = {"loadBalancer": {"ingress": [{"ip": "198.51.100.8"}]}}


def meaning(number, endpoints=1, **spec):
    """What the service of this number means on the node "here"; every second endpoint is on it."""
    places = (at(f"10.244.0.{each + 1}", "here" if each % 2 else "there") for each in range(endpoints))
    held = [endpoint_slice(f"s{number}", *places)]
    return {f"shop/s{number}": plan_service(service(f"s{number}", f"10.96.1.{number}", **spec), held, "here")}


SPECS = some.fixed_dictionaries(
    {},
    optional={
        "node_port": some.integers(30000, 30003),
        "externalTrafficPolicy": some.just("Local"),
        "internalTrafficPolicy": some.just("Local"),
        "sessionAffinity": some.just("ClientIP"),
        "externalIPs": some.sampled_from([["198.51.100.7"], ["198.51.100.7", "198.51.100.6"]]),
        "balanced": some.sampled_from([[], ["192.0.2.0/24"], ["172.30.0.0/24", "192.0.2.1/32"]]),
    },
)
MEANINGS = some.one_of(some.none(), some.tuples(some.integers(0, 4), SPECS))
STEPS = some.lists(some.dictionaries(some.integers(0, 3), MEANINGS, min_size=1, max_size=3), max_size=10)


def change_of(step):
    """What one of STEPS means: services that come, change and go."""
    change = {}
    for number, what in step.items():
        if what is None:
            change[f"shop/s{number}"] = ()
            continue
        endpoints, spec = what
        more = dict(spec)
        ranges = more.pop("balanced", None)
        if ranges is not None:
            more |= {"type": "LoadBalancer", "status": BALANCED, "loadBalancerSourceRanges": ranges}
        change |= meaning(number, endpoints, **more)
    return change
