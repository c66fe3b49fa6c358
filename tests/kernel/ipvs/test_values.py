import pytest
from hypothesis import given
from hypothesis import strategies as some

from pyk8s.kernel.ipvs.fake import FakeIpvs
from pyk8s.kernel.ipvs.messages import payload, read_real, read_server
from pyk8s.kernel.ipvs.values import (
    Add,
    AddReal,
    Change,
    ChangeReal,
    Entry,
    Front,
    Load,
    Marked,
    Place,
    Real,
    Remove,
    RemoveReal,
    Server,
    plan,
)

WEB = Front("tcp", "10.96.0.20", 80)
ONE, TWO = Place("10.244.0.5", 8080), Place("10.244.1.6", 8080)
WISH = {WEB: Entry(Server(), {ONE: Real(), TWO: Real()})}


@pytest.mark.parametrize(
    ("observed", "actions"),
    [
        pytest.param({}, (Add(WEB), AddReal(WEB, ONE), AddReal(WEB, TWO)), id="nothing there"),
        pytest.param(WISH, (), id="as it should be"),
        pytest.param(
            {WEB: Entry(Server("sh", 60), {ONE: Real(0), TWO: Real()})},
            (Change(WEB, Server()), ChangeReal(WEB, ONE, Real())),
            id="another way of choosing, another weight",
        ),
        pytest.param(
            {WEB: Entry(Server(), {ONE: Real(), TWO: Real(), Place("10.9.9.9", 1): Real()}), Marked(7): Entry()},
            (RemoveReal(WEB, Place("10.9.9.9", 1)), Remove(Marked(7))),
            id="what nobody wants",
        ),
    ],
)
def test_plan(observed, actions):
    assert plan(WISH, observed) == actions


FRONTS = some.builds(
    Front,
    some.sampled_from(["tcp", "udp", "sctp"]),
    some.sampled_from(["10.96.0.1", "10.96.0.2", "fd00::1"]),
    some.integers(1, 65535),
)
KEYS = some.one_of(FRONTS, some.builds(Marked, some.integers(1, 0xFFFFFFFF), some.sampled_from([4, 6])))
PLACES = some.builds(Place, some.sampled_from(["10.244.0.5", "fd00::5"]), some.integers(1, 65535))
SERVERS = some.builds(
    Server,
    some.sampled_from(["rr", "wlc", "mh"]),
    some.integers(0, 86400),
    some.frozensets(some.sampled_from(["ops", "flag-1", "flag-2", "flag-3"])),
)
REALS = some.builds(Real, some.integers(0, 65535), some.sampled_from(["masq", "local", "tunnel", "route"]))
TABLES = some.dictionaries(KEYS, some.builds(Entry, SERVERS, some.dictionaries(PLACES, REALS, max_size=3)), max_size=4)


@given(TABLES, TABLES)
def test_what_is_planned_turns_any_table_into_any_other(before, after):
    kernel = FakeIpvs()
    kernel.run(plan(before, {}))
    kernel.run(plan(after, kernel.observe()))
    assert kernel.observe() == after
    assert plan(after, kernel.observe()) == ()


@given(KEYS, SERVERS)
def test_a_virtual_server_is_read_from_the_bytes_it_is_written_as(key, server):
    assert read_server(payload(Add(key, server))) == (key, server)


@given(KEYS, PLACES, REALS)
def test_a_real_server_is_read_from_the_bytes_it_is_written_as(key, place, real):
    written = payload(AddReal(key, place, real))
    servers = 4 + int.from_bytes(written[4:6], "little")
    assert read_real(written[:4] + written[servers:], key.family) == (place, real, Load())


def test_a_protocol_that_ipvs_does_not_know_is_named():
    with pytest.raises(ValueError, match=r"icmp.*tcp, udp and sctp"):
        payload(Add(Front("icmp", "10.0.0.1", 1)))


def test_keys_and_places_read_like_addresses():
    assert [str(each) for each in (WEB, Front("udp", "fd00::1", 53), Marked(16), ONE, Place("fd00::5", 1))] == [
        "tcp 10.96.0.20:80",
        "udp [fd00::1]:53",
        "mark 0x10 of IPv4",
        "10.244.0.5:8080",
        "[fd00::5]:1",
    ]


def test_connections_to_a_real_server_count_whether_in_use_or_closing():
    assert Load(2, 3, 9).total == 5
