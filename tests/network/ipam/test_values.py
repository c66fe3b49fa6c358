from contextlib import nullcontext
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from pyk8s.network.ipam.values import Pool, PoolInvalid, check_sets, choose

SMALL = Pool.of("10.0.0.0/29")  # .2 to .6, .1 is the gateway


def addresses(*texts):
    return {ip_address(text) for text in texts}


@pytest.mark.parametrize(
    ("taken", "last", "expected"),
    [
        pytest.param([], "", "10.0.0.2", id="the first, past the gateway"),
        pytest.param([], "10.0.0.3", "10.0.0.4", id="the one after the last"),
        pytest.param(["10.0.0.4"], "10.0.0.3", "10.0.0.5", id="taken ones are passed over"),
        pytest.param([], "10.0.0.6", "10.0.0.2", id="wrapping round"),
        pytest.param(["10.0.0.2", "10.0.0.4", "10.0.0.5", "10.0.0.6"], "10.0.0.4", "10.0.0.3", id="the only one left"),
        pytest.param([], "192.0.2.1", "10.0.0.2", id="a last of some other range counts for nothing"),
        pytest.param([f"10.0.0.{number}" for number in range(2, 7)], "10.0.0.4", None, id="full"),
    ],
)
def test_choose(taken, last, expected):
    found = choose([SMALL], addresses(*taken), ip_address(last) if last else None)
    assert (found and str(found[0])) == expected


def test_the_next_range_follows_when_one_is_used_up():
    second = Pool.of("10.0.1.0/29")
    full = addresses(*(f"10.0.0.{number}" for number in range(2, 7)))
    assert choose([SMALL, second], full, ip_address("10.0.0.6")) == (ip_address("10.0.1.2"), second)


def test_ranges_of_version_6_give_addresses_too():
    pool = Pool.of("fd00::/64")
    assert str(choose([pool], set(), None)[0]) == "fd00::2"
    assert pool.last == ip_network("fd00::/64").broadcast_address


@given(some.integers(24, 29), some.sets(some.integers(0, 255)), some.integers(0, 255))
def test_what_is_chosen_is_free_and_of_the_range_and_none_only_when_it_is_full(length, taken_numbers, last_number):
    pool = Pool.of(f"10.1.0.0/{length}")
    base = int(pool.subnet.network_address)
    taken = {ip_address(base + number) for number in taken_numbers}
    found = choose([pool], taken, ip_address(base + last_number))
    free = {address for address in pool.subnet if address in pool} - taken
    assert (found is None) == (not free)
    assert found is None or found[0] in free


@given(some.integers(2, 30))
def test_an_address_let_go_comes_back_last(length):
    pool = Pool.of("10.1.0.0/27")
    assume(length < 29)
    first = choose([pool], set(), None)[0]
    seen, last = [], first
    for _ in range(length):
        last = choose([pool], set(), last)[0]
        seen.append(last)
    assert first not in seen[: 28 - 1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nonsense",), "subnet"),
        (("10.0.0.1/24",), "host bits"),
        (("10.0.0.0/31",), "too small"),
        (("10.0.0.0/24", "10.0.1.1"), "rangeStart"),
        (("10.0.0.0/24", "", "10.0.1.1"), "rangeEnd"),
        (("10.0.0.0/24", "10.0.0.9", "10.0.0.8"), "after"),
        (("10.0.0.0/24", "", "", "fd00::1"), "gateway"),
        (("10.0.0.0/24", "", "", "", ["10.1.0.0/16"]), "exclude"),
        (("10.0.0.0/24", "", "", "", ["x"]), "exclude"),
    ],
)
def test_a_range_that_is_none_is_refused_with_its_field(arguments, says):
    with pytest.raises(PoolInvalid, match=says):
        Pool.of(*arguments)


WHOLE = Pool.of("10.0.0.0/24")
LOW, MIDDLE, HIGH = (Pool.of("10.0.0.0/24", f"10.0.0.{first}", f"10.0.0.{first + 50}") for first in (10, 40, 61))


@pytest.mark.parametrize(
    ("sets", "says"),
    [
        ([[LOW, HIGH]], None),
        ([[LOW], [HIGH]], None),
        ([[WHOLE], [Pool.of("fd00::/64")]], None),
        ([[LOW, MIDDLE]], "overlaps"),
        ([[MIDDLE, LOW]], "overlaps"),
        ([[WHOLE], [MIDDLE]], "overlaps"),
        ([[MIDDLE], [WHOLE]], "overlaps"),
        ([[WHOLE, WHOLE]], "overlaps"),
        ([[]], r"ranges\[0\] is empty"),
        ([[WHOLE], [LOW, Pool.of("fd00::/64")]], r"ranges\[1\] mixes"),
    ],
)
def test_no_two_ranges_may_hold_one_address_in_whatever_order_they_stand(sets, says):
    with nullcontext() if says is None else pytest.raises(PoolInvalid, match=says):
        check_sets(sets)
