import pytest
from hypothesis import given
from hypothesis import strategies as some

from pyk8s.network.results import (
    VERSIONS,
    Dns,
    Interface,
    Ip,
    Result,
    ResultInvalid,
    RouteTo,
    read_result,
    tell_result,
)

RESULT = Result(
    (Interface("br0", "0a:00:00:00:00:01"), Interface("eth0", "0a:00:00:00:00:02", 1400, "/ns")),
    (Ip("10.9.0.2/24", 1, "10.9.0.1"), Ip("fd09::2/64", 1)),
    (RouteTo("0.0.0.0/0"), RouteTo("::/0", "fd09::1", mtu=1300, priority=5, table=7)),
    Dns(("10.9.0.1",), "a.b", ("c.d",), ("ndots:1",)),
)

INTERFACES = [
    {"name": "br0", "mac": "0a:00:00:00:00:01"},
    {"name": "eth0", "mac": "0a:00:00:00:00:02", "sandbox": "/ns"},
]
IPS = [{"address": "10.9.0.2/24", "interface": 1, "gateway": "10.9.0.1"}, {"address": "fd09::2/64", "interface": 1}]
ROUTES = [{"dst": "0.0.0.0/0"}, {"dst": "::/0", "gw": "fd09::1"}]
DNS = {"nameservers": ["10.9.0.1"], "domain": "a.b", "search": ["c.d"], "options": ["ndots:1"]}


@pytest.mark.parametrize("version", VERSIONS[:2])
def test_the_oldest_versions_tell_one_address_of_each_family(version):
    assert tell_result(RESULT, version) == {
        "cniVersion": version,
        "ip4": {"ip": "10.9.0.2/24", "gateway": "10.9.0.1", "routes": [{"dst": "0.0.0.0/0"}]},
        "ip6": {"ip": "fd09::2/64", "routes": [{"dst": "::/0", "gw": "fd09::1"}]},
        "dns": DNS,
    }


@pytest.mark.parametrize("version", VERSIONS[2:5])
def test_before_1_0_addresses_tell_their_family(version):
    told = tell_result(RESULT, version)
    assert told["ips"] == [{"version": "4"} | IPS[0], {"version": "6"} | IPS[1]]
    assert (told["interfaces"], told["routes"]) == (INTERFACES, ROUTES)


def test_1_0_tells_lists():
    assert tell_result(RESULT, "1.0.0") == {
        "cniVersion": "1.0.0",
        "interfaces": INTERFACES,
        "ips": IPS,
        "routes": ROUTES,
        "dns": DNS,
    }


def test_1_1_tells_mtus_and_attributes_of_routes():
    told = tell_result(RESULT, "1.1.0")
    assert told["interfaces"][1]["mtu"] == 1400
    assert told["routes"][1] == {"dst": "::/0", "gw": "fd09::1", "mtu": 1300, "priority": 5, "table": 7}


def test_what_is_not_there_is_not_told():
    assert tell_result(Result(), "1.0.0") == {"cniVersion": "1.0.0", "dns": {}}
    assert tell_result(Result(), "0.2.0") == {"cniVersion": "0.2.0", "dns": {}}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ([], "object"),
        ({"cniVersion": "7.0.0"}, "cniVersion"),
        ({"cniVersion": "1.0.0", "ips": "all"}, "ips"),
        ({"cniVersion": "1.0.0", "ips": [{"address": 7}]}, "address"),
        ({"cniVersion": "1.0.0", "routes": [{"gw": "x"}]}, "dst"),
        ({"cniVersion": "1.0.0", "interfaces": [{"name": []}]}, "name"),
    ],
)
def test_what_is_no_result_is_refused_with_its_field(document, says):
    with pytest.raises(ResultInvalid, match=says):
        read_result(document)


def test_null_is_absent():
    document = {"cniVersion": "1.0.0", "ips": None, "dns": {"search": None}, "interfaces": [{"name": "a", "mac": None}]}
    assert read_result(document) == Result((Interface("a"),))


WORDS = some.text("abc:.", max_size=5)
IPS_OF = some.builds(Ip, some.ip_addresses().map(lambda each: f"{each}/20"), some.none() | some.integers(0, 5), WORDS)
ROUTES_OF = some.builds(RouteTo, WORDS, WORDS, some.integers(0, 9000))
RESULTS = some.builds(
    Result,
    some.lists(some.builds(Interface, WORDS, WORDS, some.integers(0, 9000), WORDS)).map(tuple),
    some.lists(IPS_OF).map(tuple),
    some.lists(ROUTES_OF).map(tuple),
    some.builds(Dns, some.lists(WORDS).map(tuple), WORDS),
)


@given(RESULTS)
def test_the_newest_version_comes_back_as_it_was_told(result):
    assert read_result(tell_result(result, "1.1.0")) == result


@given(RESULTS, some.sampled_from(VERSIONS))
def test_telling_what_was_read_tells_the_same(result, version):
    told = tell_result(result, version)
    assert tell_result(read_result(told), version) == told
