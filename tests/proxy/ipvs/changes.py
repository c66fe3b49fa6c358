"""Sequences of changes of services, for a kernel of fakes and for a real one."""

from hypothesis import strategies as some

from pyk8s.proxy.ipvs.backend import tend
from pyk8s.proxy.plan import plan_service
from tests.proxy.services import at, endpoint_slice, service


def meaning(number, endpoints=1, family=4, **spec):
    """What the service s`number` with so many endpoints means."""
    pods, ip = ("10.244.0.", f"10.96.1.{number}") if family == 4 else ("fd44::", f"fd96::1:{number}")
    held = [
        endpoint_slice(f"s{number}", *(at(f"{pods}{each + 1}") for each in range(endpoints)), family=f"IPv{family}")
    ]
    return {f"shop/s{number}": plan_service(service(f"s{number}", ip, **spec), held, "here", family=family)}


SPECS = some.fixed_dictionaries(
    {},
    optional={
        "node_port": some.integers(30000, 30003),
        "externalTrafficPolicy": some.just("Local"),
        "internalTrafficPolicy": some.just("Local"),
        "sessionAffinity": some.just("ClientIP"),
        "externalIPs": some.just(["198.51.100.7"]),
    },
)
MEANINGS = some.one_of(some.none(), some.tuples(some.integers(0, 4), SPECS))
STEPS = some.lists(some.dictionaries(some.integers(0, 3), MEANINGS, min_size=1, max_size=3), max_size=10)


def carry_out(steps, ruleset, hands):
    """Each step as a change; what the services mean in the end."""
    held = {}
    for step in steps:
        change = {}
        for number, what in step.items():
            change |= {f"shop/s{number}": ()} if what is None else meaning(number, what[0], **what[1])
        hands.run(ruleset.change(change))
        held |= change
    tend(ruleset, hands)
    return held
