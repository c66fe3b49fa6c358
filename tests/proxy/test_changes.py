import pytest

from pyk8s.proxy.changes import TRIGGERED, Changes
from tests.proxy.services import at, endpoint_slice, service


def addresses(intents):
    return [each.address for intent in intents for each in intent.everyone.endpoints]


def test_a_service_and_its_slices_in_any_order_mean_the_same():
    one, other = Changes("here"), Changes("here")
    one.note_service(None, service())
    one.note_slice(None, endpoint_slice("web", at("10.0.0.1")))
    other.note_slice(None, endpoint_slice("web", at("10.0.0.1")))
    other.note_service(None, service())
    assert one.take() == other.take() != {}


def test_everything_pending_is_handed_over_once():
    changes = Changes("here")
    changes.note_service(None, service("a"))
    changes.note_service(None, service("b"))
    changes.note_service(service("a"), service("a", port=81))
    assert list(changes.take()) == ["shop/a", "shop/b"]
    assert changes.take() == {}


def test_a_service_that_is_gone_means_nothing():
    changes = Changes("here")
    changes.note_service(None, service())
    changes.note_slice(None, endpoint_slice("web", at("10.0.0.1")))
    changes.note_service(service(), None)
    assert changes.take() == {"shop/web": ()}


def test_slices_of_a_service_that_comes_again_are_still_known():
    changes = Changes("here")
    changes.note_slice(None, endpoint_slice("web", at("10.0.0.1")))
    changes.note_service(None, service())
    changes.note_service(service(), None)
    changes.note_service(None, service())
    assert addresses(changes.take()["shop/web"]) == ["10.0.0.1"]


def test_a_slice_given_to_another_service_concerns_both():
    changes = Changes("here")
    for name in ("web", "other"):
        changes.note_service(None, service(name))
    first = endpoint_slice("web", at("10.0.0.1"), name="s")
    changes.note_slice(None, first)
    changes.take()
    changes.note_slice(first, endpoint_slice("other", at("10.0.0.1"), name="s"))
    taken = changes.take()
    assert (addresses(taken["shop/web"]), addresses(taken["shop/other"])) == ([], ["10.0.0.1"])


def test_a_slice_that_is_gone_takes_its_endpoints_along():
    changes = Changes("here")
    changes.note_service(None, service())
    first, second = (endpoint_slice("web", at(f"10.0.0.{n}"), name=f"s{n}") for n in (1, 2))
    changes.note_slice(None, first)
    changes.note_slice(None, second)
    changes.note_slice(first, None)
    assert addresses(changes.take()["shop/web"]) == ["10.0.0.2"]


def test_a_slice_without_a_service_concerns_nobody():
    changes = Changes("here")
    orphan = endpoint_slice("", at("10.0.0.1"))
    changes.note_slice(None, orphan)
    changes.note_slice(orphan, None)
    assert changes.take() == {}


UDP_LIKE = [{"name": "", "port": 80, "protocol": "QUIC"}]


@pytest.mark.parametrize(
    ("wrong", "endpoint"),
    [
        pytest.param({"clusterIPs": ["10.96.0.256"]}, "10.0.0.1", id="cluster IP"),
        pytest.param({"externalIPs": ["192.0.2.300"]}, "10.0.0.1", id="external IP"),
        pytest.param({"loadBalancerSourceRanges": ["10.0.0.0/99"]}, "10.0.0.1", id="source range"),
        pytest.param({"ports": UDP_LIKE}, "10.0.0.1", id="protocol"),
        pytest.param({"ports": [{"name": "", "port": 70000}]}, "10.0.0.1", id="port"),
        pytest.param(
            {"type": "NodePort", "ports": [{"name": "", "port": 8, "nodePort": -1}]}, "10.0.0.1", id="node port"
        ),
        pytest.param({}, "10.0.0.1; flush", id="endpoint"),
        pytest.param({}, "10.0.0.1\x00", id="endpoint with a null"),
    ],
)
def test_a_service_that_makes_no_sense_means_what_it_did_and_holds_up_no_other(wrong, endpoint):
    changes = Changes("here")
    changes.note_service(None, service("bad", **wrong))
    changes.note_service(None, service("good"))
    changes.note_slice(None, endpoint_slice("bad", at(endpoint)))
    assert list(changes.take()) == ["shop/good"]
    assert changes.pending == set()
    changes.note_service(service("bad", **wrong), None)
    assert changes.take() == {"shop/bad": ()}


def test_endpoints_of_impossible_ports_are_refused():
    changes = Changes("here")
    changes.note_service(None, service())
    changes.note_slice(None, endpoint_slice("web", at("10.0.0.1"), ports=[{"name": "", "port": 70000}]))
    with pytest.raises(ValueError, match="70000 is no port"):
        changes.view("shop/web")


def triggered(text, family="IPv4"):
    made = endpoint_slice("web", at("10.0.0.1"), family=family)
    made.metadata.annotations = {TRIGGERED: text}
    return made


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1970-01-01T00:01:40Z", [100.0]),
        ("1970-01-01T01:01:40.5+01:00", [100.5]),
        ("1970-01-01T00:01:40.500000000Z", [100.5]),
        ("1970-01-01T00:01:40", []),
        ("yesterday", []),
    ],
)
def test_a_slice_says_when_its_change_began(text, found):
    changes = Changes("here")
    changes.note_slice(None, triggered(text))
    assert list(changes.triggers) == found


def test_a_change_that_began_once_is_noted_once_and_by_one_family():
    changes, first = Changes("here"), triggered("1970-01-01T00:01:40Z")
    changes.note_slice(None, triggered("1970-01-01T00:01:00Z", family="IPv6"))
    assert list(changes.triggers) == []
    changes.note_slice(None, first)
    changes.note_slice(first, triggered("1970-01-01T00:01:40Z"))
    changes.note_slice(first, triggered("1970-01-01T00:01:50Z"))
    changes.note_slice(first, None)
    assert list(changes.triggers) == [100.0, 110.0]
