import pytest
from hypothesis import given
from hypothesis import strategies as some

from pyk8s.network.calls import Call, HostPort, read_call, read_conf
from pyk8s.network.errors import CniError, Code

ENVIRONMENT = {
    "CNI_COMMAND": "ADD",
    "CNI_CONTAINERID": "c1",
    "CNI_NETNS": "/run/netns/p",
    "CNI_IFNAME": "eth0",
    "CNI_ARGS": "IgnoreUnknown=1;K8S_POD_NAME=web",
}
CONF = {"cniVersion": "1.0.0", "name": "pods", "type": "pyk8s-cni", "ipam": {"ranges": [[{"subnet": "10.244.1.0/24"}]]}}


def test_a_call_is_read_with_its_arguments():
    call = read_call(ENVIRONMENT)
    args = {"IgnoreUnknown": "1", "K8S_POD_NAME": "web"}
    assert call == Call("ADD", "c1", "/run/netns/p", "/run/netns/p", "eth0", args)


def test_a_namespace_that_came_as_a_descriptor_keeps_its_name():
    call = read_call(ENVIRONMENT, "/proc/self/fd/9")
    assert (call.netns, call.netns_name) == ("/proc/self/fd/9", "/run/netns/p")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"CNI_COMMAND": "MEND"}, "CNI_COMMAND is 'MEND'"),
        ({"CNI_COMMAND": ""}, "CNI_COMMAND"),
        ({"CNI_CONTAINERID": ""}, "CNI_CONTAINERID"),
        ({"CNI_CONTAINERID": "../../etc/passwd"}, "CNI_CONTAINERID"),
        ({"CNI_IFNAME": "a-name-that-is-too-long"}, "CNI_IFNAME"),
        ({"CNI_IFNAME": "a/b"}, "CNI_IFNAME"),
        ({"CNI_IFNAME": ".."}, "CNI_IFNAME"),
        ({"CNI_NETNS": ""}, "CNI_NETNS is missing"),
        ({"CNI_ARGS": "nonsense"}, "CNI_ARGS"),
    ],
)
def test_a_wrong_environment_is_error_4_that_names_the_variable(change, says):
    with pytest.raises(CniError, match=says) as refused:
        read_call(ENVIRONMENT | change)
    assert refused.value.code is Code.INVALID_ENVIRONMENT


def test_del_needs_no_namespace_and_version_needs_nothing():
    assert read_call(ENVIRONMENT | {"CNI_COMMAND": "DEL", "CNI_NETNS": ""}).netns == ""
    assert read_call({"CNI_COMMAND": "VERSION"}).command == "VERSION"


def test_a_configuration_gets_its_defaults():
    conf = read_conf(CONF)
    assert (conf.bridge, conf.mtu, conf.data_folder, conf.is_gateway) == ("cni0", 0, "/var/lib/cni/networks", False)
    assert [str(pool.gateway) for ranges in conf.pools for pool in ranges] == ["10.244.1.1"]


def test_the_older_form_of_a_range_is_read_as_one():
    conf = read_conf(CONF | {"ipam": {"subnet": "10.1.0.0/16", "rangeStart": "10.1.0.9", "gateway": "10.1.0.254"}})
    ((pool,),) = conf.pools
    assert (str(pool.first), str(pool.gateway)) == ("10.1.0.9", "10.1.0.254")


def test_a_default_gateway_brings_the_default_route():
    conf = read_conf(CONF | {"isDefaultGateway": True})
    assert (conf.is_gateway, conf.routes) == (True, (("0.0.0.0/0", ""),))
    asked = read_conf(CONF | {"isDefaultGateway": True, "ipam": CONF["ipam"] | {"routes": [{"dst": "10.0.0.0/8"}]}})
    assert asked.routes == (("10.0.0.0/8", ""),)


def test_host_ports_are_read():
    mappings = [
        {"hostPort": 8080, "containerPort": 80},
        {"hostPort": 53, "containerPort": 53, "protocol": "UDP", "hostIP": "192.0.2.1"},
        {"hostPort": 81, "containerPort": 81, "hostIP": "0.0.0.0"},
    ]
    conf = read_conf(CONF | {"runtimeConfig": {"portMappings": mappings}})
    assert conf.host_ports == (HostPort(8080, 80), HostPort(53, 53, "udp", "192.0.2.1"), HostPort(81, 81))


def ports(**change):
    return {"runtimeConfig": {"portMappings": [{"hostPort": 80, "containerPort": 80} | change]}}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cniVersion": "9.0.0"}, Code.INCOMPATIBLE_VERSION),
        ({"cniVersion": ""}, Code.INCOMPATIBLE_VERSION),
        ({"name": ""}, Code.INVALID_CONFIG),
        ({"name": "../up"}, Code.INVALID_CONFIG),
        ({"mtu": -1}, Code.INVALID_CONFIG),
        ({"mtu": "big"}, Code.INVALID_CONFIG),
        ({"ipam": {"subnet": "10.0.0.0/33"}}, Code.INVALID_CONFIG),
        ({"ipam": {"ranges": "all"}}, Code.INVALID_CONFIG),
        ({"ipam": {"subnet": "10.0.0.0/24", "routes": [{"gw": "10.0.0.1"}]}}, Code.INVALID_CONFIG),
        ({"runtimeConfig": {"portMappings": [{"hostPort": 99999, "containerPort": 1}]}}, Code.INVALID_CONFIG),
        (
            {"runtimeConfig": {"portMappings": [{"hostPort": 1, "containerPort": 1, "protocol": "icmp"}]}},
            Code.INVALID_CONFIG,
        ),
    ],
)
def test_a_wrong_configuration_is_refused_with_its_code(change, code):
    with pytest.raises(CniError) as refused:
        read_conf(CONF | change)
    assert refused.value.code is code


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=5),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = some.sampled_from(
    ["name", "mtu", "bridge", "ipam", "runtimeConfig", "dns", "cni.dev/valid-attachments", "prevResult"]
)


@given(some.dictionaries(FIELDS, JSON, max_size=4) | JSON)
def test_whatever_comes_is_a_configuration_or_a_cni_error(document):
    if isinstance(document, dict):
        document = CONF | document
    try:
        read_conf(document)
    except CniError as refused:
        assert refused.code in (Code.INVALID_CONFIG, Code.UNDECODABLE, Code.INCOMPATIBLE_VERSION)
