"""Sizes of the ReplicaSets of a Deployment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.controllers.deployment.revisions import bounds
from pyk8s.controllers.deployment.rollout import (
    Sets,
    changed,
    is_scaling,
    scaled_sizes,
    size_of_new,
    sizes_of_olds,
)
from tests.controllers.deployment.objects import deployment, replica_set

RECREATE = {"type": "Recreate"}


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "wanted"),
    [
        pytest.param(10, None, None, (3, 2), id="a quarter: up for surge, down for unavailable"),
        pytest.param(10, 1, 0, (1, 0), id="numbers"),
        pytest.param(3, "50%", "50%", (2, 1), id="percentages"),
        pytest.param(10, 0, 0, (0, 1), id="both nothing: one may be unavailable"),
        pytest.param(3, "0%", "1%", (0, 1), id="both come out as nothing"),
        pytest.param(2, 0, 5, (0, 2), id="no more unavailable than there are"),
        pytest.param(0, 1, 1, (1, 0), id="none wanted"),
        pytest.param(4, "200%", "100%", (8, 4), id="more than all"),
        pytest.param(4, "much", "many", (1, 1), id="nonsense is a quarter"),
    ],
)
def test_bounds(replicas, surge, unavailable, wanted):
    assert bounds(deployment(replicas, surge=surge, unavailable=unavailable)) == wanted


def test_a_recreation_has_no_bounds():
    assert bounds(deployment(strategy=RECREATE)) == (0, 0)


@pytest.mark.parametrize(
    ("one", "new", "olds", "wanted"),
    [
        pytest.param(deployment(10), None, [], 10, id="the first one: all at once"),
        pytest.param(deployment(10, surge=3), None, [replica_set(1, 10)], 3, id="as many as surge allows"),
        pytest.param(deployment(10, surge=3), replica_set(2, 3), [replica_set(1, 10)], 3, id="full: no more"),
        pytest.param(deployment(10, surge=3), replica_set(2, 3), [replica_set(1, 7)], 6, id="room was made"),
        pytest.param(deployment(10, surge=3), replica_set(2, 9), [replica_set(1, 1)], 10, id="never above wanted"),
        pytest.param(deployment(5, surge=3), replica_set(2, 9), [], 5, id="too large: down to wanted"),
        pytest.param(deployment(10, surge=0), None, [replica_set(1, 12)], 0, id="already too many"),
        pytest.param(deployment(10, strategy=RECREATE), None, [], 10, id="a recreation: all at once"),
    ],
)
def test_the_new_set_grows_as_far_as_it_may(one, new, olds, wanted):
    assert size_of_new(one, Sets(new, tuple(olds))) == wanted


@pytest.mark.parametrize(
    ("one", "new", "olds", "wanted"),
    [
        pytest.param(
            deployment(10, unavailable=2), replica_set(2, 0), [replica_set(1, 10)], {"web-1": 8}, id="at once"
        ),
        pytest.param(
            deployment(10, surge=2, unavailable=2),
            replica_set(2, 2, 0),
            [replica_set(1, 10)],
            {"web-1": 8},
            id="pods of the new set that are not available do not count",
        ),
        pytest.param(
            deployment(10, unavailable=0), replica_set(2, 3, 1), [replica_set(1, 10)], {"web-1": 9}, id="one for one"
        ),
        pytest.param(
            deployment(10, unavailable=0), replica_set(2, 3, 0), [replica_set(1, 10)], {}, id="nothing to spare"
        ),
        pytest.param(
            deployment(10, unavailable=2),
            replica_set(2, 4, 4),
            [replica_set(1, 8, 4)],
            {"web-1": 4},
            id="those that are not available go first, and as far as there is room",
        ),
        pytest.param(
            deployment(10, unavailable=2),
            replica_set(3, 4, 4),
            [replica_set(1, 4), replica_set(2, 4)],
            {"web-1": 0},
            id="the oldest first",
        ),
        pytest.param(deployment(10), replica_set(2, 10), [], {}, id="no old ones"),
        pytest.param(deployment(0), replica_set(2, 0), [replica_set(1, 3)], {"web-1": 0}, id="none wanted"),
    ],
)
def test_the_old_sets_shrink_as_far_as_they_may(one, new, olds, wanted):
    assert sizes_of_olds(one, Sets(new, tuple(olds))) == wanted


@given(data=st.data())
def test_a_round_keeps_both_promises(data):
    """Whatever state a rollout is in, a round never passes wanted + surge, and never gives up availability it owes."""
    wanted = data.draw(st.integers(0, 12))
    surge, unavailable = data.draw(st.integers(0, 4)), data.draw(st.integers(0, 4))
    one = deployment(wanted, 9, surge=surge, unavailable=unavailable)
    surge, unavailable = bounds(one)
    sizes = data.draw(st.lists(st.integers(0, 6), min_size=1, max_size=4))
    sets = []
    for number, size in enumerate(sizes):
        available = data.draw(st.integers(0, size))
        sets.append(replica_set(number + 1, size, available))
    view = Sets(sets[-1], tuple(sets[:-1]))
    before = sum(sizes)
    grown = size_of_new(one, view)
    shrunk = sizes_of_olds(one, view)
    new_size = view.new.spec.replicas
    if grown > new_size:
        assert before - new_size + grown <= wanted + surge
    olds = {old.metadata.name: old for old in view.olds}
    assert all(0 <= size < olds[name].spec.replicas for name, size in shrunk.items())
    kept = sum(min(old.status.available_replicas, shrunk.get(name, old.spec.replicas)) for name, old in olds.items())
    available_before = sum(old.status.available_replicas for old in view.olds) + view.new.status.available_replicas
    least = wanted - unavailable
    assert kept + view.new.status.available_replicas >= min(available_before, least)


@given(data=st.data())
def test_a_rollout_always_ends(data):
    """With pods that become available, rounds lead from any state to wanted pods of the new set and none of others."""
    wanted = data.draw(st.integers(0, 12))
    one = deployment(wanted, 9, surge=data.draw(st.integers(0, 4)), unavailable=data.draw(st.integers(0, 4)))
    sizes = data.draw(st.lists(st.integers(0, 6), min_size=1, max_size=4))
    for _ in range(60):
        sets = [replica_set(number + 1, size) for number, size in enumerate(sizes)]
        view = Sets(sets[-1], tuple(sets[:-1]))
        wished = {**sizes_of_olds(one, view), view.new.metadata.name: size_of_new(one, view)}
        after = [wished.get(one.metadata.name, one.spec.replicas) for one in sets]
        if after == sizes:
            break
        sizes = after
    assert sizes == [0] * (len(sizes) - 1) + [wanted]


@pytest.mark.parametrize(
    ("sets", "wanted"),
    [
        pytest.param([replica_set(1, 10, desired=10)], False, id="sized for this"),
        pytest.param([replica_set(1, 5, desired=5)], True, id="sized for another"),
        pytest.param([replica_set(1, 0, desired=5)], False, id="empty ones do not matter"),
        pytest.param([replica_set(1, 5)], False, id="one that does not say"),
    ],
)
def test_scaling_is_noticed_by_what_sets_were_sized_for(sets, wanted):
    assert is_scaling(deployment(10), Sets(None, tuple(sets))) is wanted


@pytest.mark.parametrize(
    ("one", "new", "olds", "wanted"),
    [
        pytest.param(deployment(10), replica_set(1, 5, desired=5), [], {"web-1": 10}, id="one set: all of it"),
        pytest.param(deployment(10), None, [replica_set(1, 5)], {"web-1": 10}, id="one set that is not the newest"),
        pytest.param(deployment(10), replica_set(2, 0), [replica_set(1, 0)], {"web-2": 10}, id="none active"),
        pytest.param(
            deployment(10), None, [replica_set(2, 0), replica_set(1, 0)], {"web-2": 10}, id="none active nor new"
        ),
        pytest.param(
            deployment(10),
            replica_set(2, 10, desired=10),
            [replica_set(1, 2)],
            {"web-1": 0},
            id="the newest is complete: the rest goes",
        ),
        pytest.param(
            deployment(20, surge=0, unavailable=5),
            replica_set(2, 5, desired=10, maximum=10),
            [replica_set(1, 5, desired=10, maximum=10)],
            {"web-1": 10, "web-2": 10},
            id="half and half stay half and half",
        ),
        pytest.param(
            deployment(15, surge=3, unavailable=2),
            replica_set(2, 5, desired=10, maximum=13),
            [replica_set(1, 8, desired=10, maximum=13)],
            {"web-1": 11, "web-2": 7},
            id="the documented example: three more for the larger, two for the smaller",
        ),
        pytest.param(
            deployment(5, surge=0, unavailable=1),
            replica_set(2, 4, desired=10, maximum=10),
            [replica_set(1, 6, desired=10, maximum=10)],
            {"web-1": 3, "web-2": 2},
            id="down in proportion",
        ),
        pytest.param(
            deployment(0, surge=3),
            replica_set(2, 4, desired=10, maximum=13),
            [replica_set(1, 6, desired=10, maximum=13)],
            {"web-1": 0, "web-2": 0},
            id="down to nothing",
        ),
        pytest.param(
            deployment(12, surge=0, unavailable=1),
            replica_set(3, 3, desired=10, maximum=10),
            [replica_set(1, 4, desired=10, maximum=10), replica_set(2, 3, desired=10, maximum=10)],
            {"web-1": 5, "web-3": 4, "web-2": 3},
            id="none takes more than is left; of equal ones the newer gains",
        ),
        pytest.param(
            deployment(12, surge=0, unavailable=1),
            replica_set(3, 2, desired=10, maximum=10),
            [replica_set(1, 6, desired=10, maximum=10), replica_set(2, 2, desired=10, maximum=10)],
            {"web-1": 8, "web-3": 2, "web-2": 2},
            id="what rounding leaves goes to the largest",
        ),
        pytest.param(
            deployment(8, surge=0, unavailable=1),
            replica_set(3, 3, desired=10, maximum=10),
            [replica_set(1, 4, desired=10, maximum=10), replica_set(2, 3, desired=10, maximum=10)],
            {"web-1": 3, "web-3": 3, "web-2": 2},
            id="of equal ones the older loses",
        ),
        pytest.param(
            deployment(20, strategy=RECREATE),
            replica_set(2, 4, desired=10),
            [replica_set(1, 6, desired=10)],
            {},
            id="a recreation has nothing in proportion",
        ),
    ],
)
def test_scaling_keeps_proportions(one, new, olds, wanted):
    assert scaled_sizes(one, Sets(new, tuple(olds))) == wanted


@given(
    wanted=st.integers(1, 60),
    before=st.integers(1, 60),
    sizes=st.lists(st.integers(1, 30), min_size=2, max_size=5),
)
def test_proportional_sizes_sum_to_what_is_allowed(wanted, before, sizes):
    sets = [replica_set(n + 1, size, 0, desired=before, maximum=before + 2) for n, size in enumerate(sizes)]
    one = deployment(wanted, surge=2, unavailable=1, status={"replicas": sum(sizes)})
    planned = scaled_sizes(one, Sets(sets[-1], tuple(sets[:-1])))
    if planned:
        assert sum(planned.values()) == wanted + 2 or min(planned.values()) == 0
        assert min(planned.values()) >= 0


def test_only_what_changes_is_written():
    sets = Sets(replica_set(2, 3), (replica_set(1, 5),))
    assert changed({"web-2": 3, "web-1": 4, "other": 1}, sets) == {"web-1": 4, "other": 1}
