"""The smallest change of a Service's slices."""

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.controllers.endpointslice.plan import MANAGED_BY, MANAGER, MOST, SERVICE_NAME, Plan, labels_of, plan_slices
from pyk8s.reconcile.fields import AnnotatedMetadata
from pyk8s.reconcile.objects import EndpointSlice
from tests.controllers.serving import pod, service

ZONES = {"node-1": "zone-a"}


def planned(one, pods, held=()):
    return plan_slices(one, pods, list(held), ZONES)


def as_slices(one, plan, held=()):
    """The slices after a plan: what tests start the next round from."""
    gone = {id(each) for each in plan.delete} | {id(each) for each, _ in plan.update}
    kept = [each for each in held if id(each) not in gone]
    drafts = [*plan.create, *(draft for _, draft in plan.update)]
    for number, draft in enumerate(drafts):
        metadata = AnnotatedMetadata(name=f"web-{len(kept)}-{number}", namespace="shop", labels=labels_of(one))
        kept.append(EndpointSlice(metadata, draft.address_type, draft.endpoints, draft.ports))
    return kept


def sizes(slices):
    return sorted(len(one.endpoints) for one in slices)


def names(slices):
    return sorted(each.target_ref.name for one in slices for each in one.endpoints)


def test_a_pod_becomes_an_endpoint_with_all_that_is_known_of_it():
    (draft,) = planned(service(), [pod(7)]).create
    (one,) = draft.endpoints
    assert draft.address_type == "IPv4"
    assert [(port.name, port.port, port.protocol) for port in draft.ports] == [("", 8080, "TCP")]
    assert one.addresses == ("10.244.0.7",)
    assert (one.node_name, one.zone) == ("node-1", "zone-a")
    assert (one.target_ref.kind, one.target_ref.name, one.target_ref.uid) == ("Pod", "pod-0007", "u7")


@pytest.mark.parametrize(
    ("one", "publish", "ready", "serving", "terminating"),
    [
        pytest.param(pod(), False, True, True, False, id="ready"),
        pytest.param(pod(ready=False), False, False, False, False, id="not ready"),
        pytest.param(pod(leaving=True), False, False, True, True, id="leaving, still serving"),
        pytest.param(pod(ready=False, leaving=True), False, False, False, True, id="leaving, not serving"),
        pytest.param(pod(ready=False), True, True, False, False, id="published although not ready"),
        pytest.param(pod(leaving=True), True, True, True, True, id="published although leaving"),
    ],
)
def test_conditions(one, publish, ready, serving, terminating):
    (draft,) = planned(service(publishNotReadyAddresses=publish), [one]).create
    conditions = draft.endpoints[0].conditions
    assert (conditions.ready, conditions.serving, conditions.terminating) == (ready, serving, terminating)


def test_no_more_than_a_hundred_in_one_slice():
    plan = planned(service(), [pod(number) for number in range(1, 251)])
    assert [len(draft.endpoints) for draft in plan.create] == [100, 100, 50]


def test_nothing_changed_is_nothing_to_do():
    one, pods = service(), [pod(number) for number in range(1, 6)]
    held = as_slices(one, planned(one, pods))
    plan = planned(one, pods, held)
    assert (plan.create, plan.update, plan.delete) == ((), (), ())


def test_one_pod_that_changes_is_one_slice_written():
    one, pods = service(), [pod(number) for number in range(1, 251)]
    held = as_slices(one, planned(one, pods))
    plan = planned(one, [pod(1, ready=False), *pods[1:]], held)
    assert (len(plan.create), len(plan.update), len(plan.delete)) == (0, 1, 0)


def test_a_new_pod_goes_into_a_slice_with_room():
    one, pods = service(), [pod(number) for number in range(1, 151)]
    held = as_slices(one, planned(one, pods))
    plan = planned(one, [*pods, pod(151)], held)
    assert (len(plan.create), len(plan.update)) == (0, 1)
    assert len(plan.update[0][1].endpoints) == 51


def test_a_new_pod_takes_the_place_of_one_that_went():
    one, pods = service(), [pod(number) for number in range(1, 201)]
    held = as_slices(one, planned(one, pods))
    plan = planned(one, [*pods[1:], pod(201)], held)
    assert (len(plan.create), len(plan.update), len(plan.delete)) == (0, 1, 0)


def test_many_new_pods_get_a_slice_of_their_own_rather_than_rewrite_all():
    one, pods = service(), [pod(number) for number in range(1, 51)]
    held = as_slices(one, planned(one, pods))
    plan = planned(one, [*pods, *(pod(number) for number in range(51, 131))], held)
    assert [len(draft.endpoints) for draft in plan.create] == [80]
    assert plan.update == ()


def test_a_slice_that_loses_all_goes():
    one, pods = service(), [pod(number) for number in range(1, 151)]
    held = as_slices(one, planned(one, pods))
    (small,) = (each for each in held if len(each.endpoints) == 50)
    left = [each for each in pods if each.metadata.name not in names([small])]
    plan = planned(one, left, held)
    assert (plan.create, plan.update, plan.delete) == ((), (), (small,))


def test_a_service_without_pods_has_one_empty_slice():
    one = service()
    plan = planned(one, [])
    assert [(draft.endpoints, draft.ports) for draft in plan.create] == [((), ())]
    held = as_slices(one, plan)
    assert planned(one, [], held) == Plan()


def test_the_last_pod_leaves_its_slice_as_the_empty_one():
    one = service()
    held = as_slices(one, planned(one, [pod()]))
    plan = planned(one, [], held)
    assert (plan.create, len(plan.update), plan.delete) == ((), 1, ())
    assert plan.update[0][1].endpoints == ()


def test_the_first_pod_replaces_the_empty_slice():
    one = service()
    held = as_slices(one, planned(one, []))
    plan = planned(one, [pod()], held)
    assert len(plan.create) == len(plan.delete) == 1


def test_pods_with_other_numbers_for_a_named_port_stand_apart():
    one = service({"name": "http", "port": 80, "targetPort": "http"})
    pods = [
        pod(1, ports=[{"name": "http", "containerPort": 8080}]),
        pod(2, ports=[{"name": "http", "containerPort": 9090}]),
        pod(3),
    ]
    plan = planned(one, pods)
    assert sorted(tuple(port.port for port in draft.ports) for draft in plan.create) == [(), (8080,), (9090,)]


def test_both_families_have_slices_of_their_own():
    one = service(ipFamilies=["IPv4", "IPv6"])
    plan = planned(one, [pod(ip="10.0.0.1 fd00::1")])
    assert [(draft.address_type, draft.endpoints[0].addresses) for draft in plan.create] == [
        ("IPv4", ("10.0.0.1",)),
        ("IPv6", ("fd00::1",)),
    ]
    held = as_slices(one, plan)
    gone = planned(service(ipFamilies=["IPv4"]), [pod(ip="10.0.0.1 fd00::1")], held)
    assert [each.address_type for each in gone.delete] == ["IPv6"]


def test_labels_follow_the_service():
    one = service(labels={"team": "shop"})
    assert labels_of(one) == {"team": "shop", SERVICE_NAME: "web", MANAGED_BY: MANAGER}
    headless = labels_of(service(cluster_ip="None"))
    assert headless["service.kubernetes.io/headless"] == ""
    held = as_slices(service(), planned(service(), [pod()]))
    plan = planned(one, [pod()], held)
    assert [draft.endpoints for _, draft in plan.update] == [held[0].endpoints]


@given(rounds=st.lists(st.frozensets(st.integers(1, 400), max_size=300), min_size=1, max_size=5))
def test_whatever_happens_slices_hold_each_pod_once_and_none_too_many(rounds):
    one, held = service(), []
    for numbers in rounds:
        held = as_slices(one, planned(one, [pod(number) for number in sorted(numbers)], held), held)
        assert names(held) == [f"pod-{number:04}" for number in sorted(numbers)]
        assert all(size <= MOST for size in sizes(held))
        assert all(sizes(held)) or len(held) == 1


AUTO = {"service.kubernetes.io/topology-mode": "Auto"}
HALVES = {"zone-a": Fraction(1, 2), "zone-b": Fraction(1, 2)}


def spread_over_two(pods, held=()):
    """The plan of a service that asks for topology aware routing, its pods on two nodes in two zones of one size."""
    zones = {"node-1": "zone-a", "node-2": "zone-b"}
    return plan_slices(service(annotations=AUTO), pods, list(held), zones, HALVES)


def test_one_pod_more_leaves_the_zones_of_all_others():
    one = service(annotations=AUTO)
    pods = [pod(number, node=f"node-{1 + (number > 150)}") for number in range(1, 251)]
    plan = spread_over_two(pods)
    meant = Counter(each.hints.for_zones[0].name for draft in plan.create for each in draft.endpoints)
    assert (meant, plan.spread) == ({"zone-a": 125, "zone-b": 125}, (("IPv4", ""),))
    held = as_slices(one, plan)
    assert spread_over_two(pods, held) == Plan(spread=(("IPv4", ""),))
    more = spread_over_two([*pods, pod(251, node="node-2")], held)
    assert (len(more.create), len(more.update), len(more.delete)) == (0, 1, 0)


def test_hints_of_each_family_and_none_of_what_is_not_ready():
    both = service(ipFamilies=["IPv4", "IPv6"], annotations=AUTO)
    pods = [pod(1, ip="10.0.0.1 fd00::1"), pod(2, ip="10.0.0.2", node="node-2"), pod(3, ready=False)]
    zones = {"node-1": "zone-a", "node-2": "zone-b"}
    plan = plan_slices(both, pods, [], zones, HALVES)
    found = {draft.address_type: [each.hints is not None for each in draft.endpoints] for draft in plan.create}
    assert found == {"IPv4": [True, True, False], "IPv6": [False]}
    assert dict(plan.spread)["IPv6"] == "Insufficient number of endpoints (1 endpoints, 2 zones)"
