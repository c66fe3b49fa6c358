from dataclasses import replace

import orjson
import pytest

from pyk8s.proxy.objects import decode_slice
from pyk8s.proxy.plan import Endpoint, Intent, Otherwise, Pool, Settings, admit, plan_service
from tests.proxy.services import at, endpoint_slice, service, slice_body

HERE, THERE = Endpoint("10.244.0.5", 8080, True), Endpoint("10.244.1.6", 8080)
BOTH = endpoint_slice("web", at("10.244.0.5"), at("10.244.1.6", "there"))
EVERYONE = Pool((HERE, THERE))
PLAIN = Intent("shop/web", "", "tcp", "10.96.0.20", 80, inside=EVERYONE, outside=EVERYONE, everyone=EVERYONE)


def only(**spec):
    (intent,) = plan_service(service(**spec), [BOTH], "here")
    return intent


def test_a_service_of_one_port_goes_to_all_ready_endpoints():
    assert only() == PLAIN


@pytest.mark.parametrize(
    ("change", "faces_outside"),
    [
        ({}, False),
        ({"node_port": 30080}, True),
        ({"external_ips": ("192.0.2.1",)}, True),
        ({"load_balancer_ips": ("192.0.2.7",)}, True),
    ],
)
def test_what_leads_in_from_outside(change, faces_outside):
    assert replace(PLAIN, **change).faces_outside is faces_outside


@pytest.mark.parametrize(
    ("spec", "change"),
    [
        pytest.param({"node_port": 30080}, {"node_port": 30080}, id="a node port"),
        pytest.param({"externalIPs": ["192.0.2.1"]}, {"external_ips": ("192.0.2.1",)}, id="an external IP"),
        pytest.param({"externalIPs": ["fd00::1"]}, {}, id="an external IP of the other family"),
        pytest.param(
            {"type": "LoadBalancer", "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}, {"hostname": "x"}]}}},
            {"load_balancer_ips": ("192.0.2.7",)},
            id="a load balancer's address",
        ),
        pytest.param(
            {
                "type": "LoadBalancer",
                "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7", "ipMode": "Proxy"}]}},
            },
            {},
            id="a load balancer that wants its packets itself",
        ),
        pytest.param(
            {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}},
            {},
            id="a status left over from another type",
        ),
        pytest.param(
            {"loadBalancerSourceRanges": [" 192.0.2.0/24", "fd00::/8"]},
            {"source_ranges": ("192.0.2.0/24",)},
            id="source ranges of this family",
        ),
        pytest.param(
            {"loadBalancerSourceRanges": ["10.0.0.5/8", "10.0.0.0/8", "192.0.2.9"]},
            {"source_ranges": ("10.0.0.0/8", "192.0.2.9/32")},
            id="source ranges with bits beyond their length, and twice",
        ),
        pytest.param({"sessionAffinity": "ClientIP"}, {"affinity": 3 * 60 * 60}, id="affinity"),
        pytest.param(
            {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 60}}},
            {"affinity": 60},
            id="affinity of a minute",
        ),
        pytest.param(
            {"internalTrafficPolicy": "Local"},
            {"inside": Pool((HERE,), Otherwise.DROP)},
            id="inside, this node's endpoints only",
        ),
        pytest.param(
            {"node_port": 30080, "externalTrafficPolicy": "Local"},
            {"node_port": 30080, "keeps_source": True, "outside": Pool((HERE,), Otherwise.DROP)},
            id="from outside, this node's endpoints only",
        ),
        pytest.param({"externalTrafficPolicy": "Local"}, {}, id="the external policy of a service without an outside"),
    ],
)
def test_plan_service(spec, change):
    assert only(**spec) == replace(PLAIN, **change)


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"ip": "None"}, id="headless"),
        pytest.param({"ip": ""}, id="no address yet"),
        pytest.param({"ip": "", "type": "ExternalName"}, id="an alias in the DNS"),
        pytest.param({"labels": {"service.kubernetes.io/service-proxy-name": "other"}}, id="another proxy's"),
        pytest.param({"ip": "fd00::1"}, id="of the other family"),
    ],
)
def test_a_service_that_needs_no_proxy_means_nothing(spec):
    assert plan_service(service(**spec), [BOTH], "here") == ()


GOING = {"ready": False, "serving": True, "terminating": True}


@pytest.mark.parametrize(
    ("endpoints", "chosen"),
    [
        pytest.param([at("10.0.0.1"), at("10.0.0.2")], ["10.0.0.1", "10.0.0.2"], id="all ready"),
        pytest.param([at("10.0.0.1"), at("10.0.0.2", ready=False)], ["10.0.0.1"], id="one is not ready"),
        pytest.param([{"addresses": ["10.0.0.1"]}], ["10.0.0.1"], id="nothing said is well said"),
        pytest.param([at("10.0.0.1", **GOING), at("10.0.0.2")], ["10.0.0.2"], id="one is going, one is ready"),
        pytest.param([at("10.0.0.1", **GOING)], ["10.0.0.1"], id="the last one is going and still serves"),
        pytest.param([at("10.0.0.1", ready=False, serving=False, terminating=True)], [], id="going and not serving"),
        pytest.param([at("10.0.0.1", ready=False, serving=True)], [], id="serving, not ready, not going"),
        pytest.param([], [], id="none"),
        pytest.param([at("10.0.0.1"), at("10.0.0.1")], ["10.0.0.1"], id="one in two slices is one"),
    ],
)
def test_which_endpoints_are_used(endpoints, chosen):
    (intent,) = plan_service(service(), [endpoint_slice("web", *endpoints)], "here")
    assert [each.address for each in intent.everyone.endpoints] == chosen


def test_a_node_whose_endpoints_are_going_uses_them_while_others_are_ready_elsewhere():
    slices = [endpoint_slice("web", at("10.0.0.1", **GOING), at("10.0.0.2", "there"))]
    (intent,) = plan_service(service(node_port=30080, externalTrafficPolicy="Local"), slices, "here")
    assert [each.address for each in intent.outside.endpoints] == ["10.0.0.1"]
    assert [each.address for each in intent.everyone.endpoints] == ["10.0.0.2"]


def test_without_any_endpoint_packets_are_refused_whatever_the_policy():
    (intent,) = plan_service(service(node_port=30080, externalTrafficPolicy="Local"), [], "here")
    assert {pool.otherwise for pool in (intent.inside, intent.outside)} == {Otherwise.REJECT}


def test_ports_are_matched_by_name_and_protocol():
    ports = [
        {"name": "http", "port": 80, "protocol": "TCP"},
        {"name": "dns", "port": 53, "protocol": "UDP"},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
    ]
    served = [
        {"name": "http", "port": 8080, "protocol": "TCP"},
        {"name": "dns", "port": 5353, "protocol": "UDP"},
        {"name": "dns-tcp", "port": None, "protocol": "TCP"},
    ]
    intents = plan_service(service(ports=ports), [endpoint_slice("web", at("10.0.0.1"), ports=served)], "here")
    seen = {intent.id: [each.port for each in intent.everyone.endpoints] for intent in intents}
    assert seen == {"shop/web:http": [8080], "shop/web:dns": [5353], "shop/web:dns-tcp": []}


def test_a_port_of_the_same_name_and_another_protocol_is_another():
    served = [{"name": "", "port": 5353, "protocol": "UDP"}, {"name": "", "port": 8080, "protocol": "TCP"}]
    (intent,) = plan_service(service(), [endpoint_slice("web", at("10.0.0.1"), ports=served)], "here")
    assert [each.port for each in intent.everyone.endpoints] == [8080]


def test_slices_that_are_marked_headless_are_not_for_proxies():
    body = slice_body("web", at("10.0.0.1"), name="other")
    body["metadata"]["labels"]["service.kubernetes.io/headless"] = ""
    (intent,) = plan_service(service(), [BOTH, decode_slice(orjson.dumps(body))], "here")
    assert intent == PLAIN


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_of_two_slices_that_tell_of_one_endpoint_the_one_that_knows_it_is_here_counts(names):
    nowhere, here = (
        endpoint_slice("web", at("10.0.0.1", node), name=name) for node, name in zip(("", "here"), names, strict=True)
    )
    (intent,) = plan_service(service(), [nowhere, here], "here")
    assert intent.everyone.endpoints == (Endpoint("10.0.0.1", 8080, True),)


def test_all_slices_count_and_those_of_the_other_family_do_not():
    slices = [
        endpoint_slice("web", at("10.0.0.2"), name="b"),
        endpoint_slice("web", at("10.0.0.1"), name="a"),
        endpoint_slice("web", at("fd00::1"), name="c", family="IPv6"),
    ]
    (intent,) = plan_service(service(), slices, "here")
    assert [each.address for each in intent.everyone.endpoints] == ["10.0.0.1", "10.0.0.2"]


def test_the_other_family_has_a_plan_of_its_own():
    dual = service(clusterIPs=["10.96.0.20", "fd00:96::20"])
    slices = [endpoint_slice("web", at("10.0.0.1")), endpoint_slice("web", at("fd00::1"), name="c", family="IPv6")]
    (intent,) = plan_service(dual, slices, "here", family=6)
    assert (intent.cluster_ip, [each.address for each in intent.everyone.endpoints]) == ("fd00:96::20", ["fd00::1"])


def test_a_source_range_that_is_none_is_told():
    with pytest.raises(ValueError, match="everybody"):
        only(loadBalancerSourceRanges=["everybody"])


@pytest.mark.parametrize(
    ("ranges", "node", "source", "admitted"),
    [
        ((), "172.30.0.2", "203.0.113.9", True),
        (("192.0.2.0/24",), "172.30.0.2", "192.0.2.9", True),
        (("192.0.2.0/24",), "172.30.0.2", "203.0.113.9", False),
        (("192.0.2.0/24", "172.30.0.0/16"), "172.30.0.2", "198.51.100.9", True),
        (("192.0.2.0/24",), "172.30.0.2", "198.51.100.9", False),
    ],
    ids=["everybody", "in a range", "in none", "the balancer's address on a node in one", "on a node in none"],
)
def test_whom_a_load_balancer_admits(ranges, node, source, admitted):
    held = replace(PLAIN, source_ranges=ranges, load_balancer_ips=("198.51.100.9",))
    assert admit(held, Settings(node_addresses=(node,))).admits(source) is admitted
