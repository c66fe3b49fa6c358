import pytest
from hypothesis import given
from hypothesis import strategies as some

from pyk8s.network.conf import HostPort, Rate, read_conf
from pyk8s.network.errors import CniError, Code

CONF = {
    "cniVersion": "1.0.0",
    "name": "pods",
    "type": "pyk8s-cni",
    "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.244.1.0/24"}]]},
}


def test_a_configuration_gets_its_defaults():
    conf = read_conf(CONF)
    assert (conf.bridge, conf.mtu, conf.ipam.data_folder, conf.is_gateway) == (
        "cni0",
        0,
        "/var/lib/cni/networks",
        False,
    )
    assert [str(pool.gateway) for ranges in conf.ipam.sets for pool in ranges] == ["10.244.1.1"]


def test_the_older_form_of_a_range_is_read_as_one():
    conf = read_conf(
        CONF
        | {"ipam": {"type": "host-local", "subnet": "10.1.0.0/16", "rangeStart": "10.1.0.9", "gateway": "10.1.0.254"}}
    )
    ((pool,),) = conf.ipam.sets
    assert (str(pool.first), str(pool.gateway)) == ("10.1.0.9", "10.1.0.254")


def test_a_default_gateway_is_a_gateway():
    conf = read_conf(CONF | {"isDefaultGateway": True})
    assert (conf.is_gateway, conf.is_default_gateway) == (True, True)


def test_host_ports_are_read():
    mappings = [
        {"hostPort": 8080, "containerPort": 80},
        {"hostPort": 53, "containerPort": 53, "protocol": "UDP", "hostIP": "192.0.2.1"},
        {"hostPort": 81, "containerPort": 81, "hostIP": "0.0.0.0"},
    ]
    conf = read_conf(CONF | {"runtimeConfig": {"portMappings": mappings}})
    assert conf.host_ports == (
        HostPort(8080, 80),
        HostPort(53, 53, "udp", "192.0.2.1", 4),
        HostPort(81, 81, "tcp", "", 4),
    )


def test_names_are_taken_in_any_case_as_go_takes_them():
    """containerd 1.6 writes its own structs' names."""
    runtime = {
        "portMappings": [{"HostPort": 8080, "ContainerPort": 80, "Protocol": "tcp", "HostIP": "192.0.2.1"}],
        "bandwidth": {"IngressRate": 8000, "IngressBurst": 4294967295, "EgressRate": 0, "EgressBurst": 0},
    }
    conf = read_conf(CONF | {"MTU": 1400, "runtimeConfig": runtime})
    assert conf.host_ports == (HostPort(8080, 80, "tcp", "192.0.2.1", 4),)
    assert (conf.ingress, conf.egress, conf.mtu) == (Rate(8000, 4294967295), None, 1400)
    assert read_conf(CONF | {"MTU": 1400, "mtu": 1500}).mtu == 1500


@pytest.mark.parametrize(
    "wrong",
    [{"runtimeConfig": {"portMappings": 7}}, {"runtimeConfig": {"mac": "x"}}, {"args": {"cni": {"ips": ["x"]}}}],
)
def test_nothing_that_only_an_add_reads_keeps_a_del_from_being_done(wrong):
    with pytest.raises(CniError):
        read_conf(CONF | wrong)
    assert read_conf(CONF | wrong, {"IP": "x"}, "DEL").host_ports == ()


def test_ranges_that_a_runtime_gives_are_a_dels_too():
    ranges = {"ipam": {"type": "host-local"}, "runtimeConfig": {"ipRanges": [[{"subnet": "10.8.0.0/24"}]]}}
    assert read_conf(CONF | ranges, {}, "DEL").ipam.sets


def test_what_is_null_is_absent():
    assert read_conf(CONF | {"mtu": None, "dns": None, "runtimeConfig": {"mac": None}, "prevResult": None}).mtu == 0


def test_a_configuration_without_a_version_is_of_the_oldest():
    assert read_conf(CONF | {"cniVersion": ""}).version == "0.1.0"


def test_limits_of_bandwidth_are_read_in_bits():
    limits = {"ingressRate": 8000, "ingressBurst": 800, "egressRate": 16000, "egressBurst": 1600}
    conf = read_conf(CONF | {"runtimeConfig": {"bandwidth": limits}})
    assert (conf.ingress, conf.egress) == (Rate(8000, 800), Rate(16000, 1600))
    assert read_conf(CONF | {"runtimeConfig": {"bandwidth": {}}}).ingress is None


@pytest.mark.parametrize(
    ("trunk", "numbers"),
    [([{"id": 5}], (5,)), ([{"minID": 2, "maxID": 4}, {"id": 3}, {"id": 9}], (2, 3, 4, 9)), ([], ())],
)
def test_a_trunk_is_a_list_of_vlans(trunk, numbers):
    conf = read_conf(CONF | {"vlanTrunk": trunk})
    assert (conf.vlan_trunk, conf.vlan_aware) == (numbers, bool(numbers))


@pytest.mark.parametrize(
    ("change", "args", "mac"),
    [
        ({}, {}, ""),
        ({}, {"MAC": "0A-00-00-00-00-01"}, "0a:00:00:00:00:01"),
        ({"args": {"cni": {"mac": "0a:00:00:00:00:02"}}}, {"MAC": "0a:00:00:00:00:01"}, "0a:00:00:00:00:02"),
        (
            {"args": {"cni": {"mac": "0a:00:00:00:00:02"}}, "runtimeConfig": {"mac": "0a:00:00:00:00:03"}},
            {},
            "0a:00:00:00:00:03",
        ),
    ],
)
def test_the_runtime_has_the_last_word_on_the_mac(change, args, mac):
    assert read_conf(CONF | change, args).mac == mac


def test_addresses_are_asked_for_in_three_places():
    asking = {"args": {"cni": {"ips": ["10.244.1.8"]}}, "runtimeConfig": {"ips": ["10.244.1.9/24"]}}
    conf = read_conf(CONF | asking, {"IP": "10.244.1.7"})
    assert [str(each) for each in conf.ipam.asked] == ["10.244.1.7", "10.244.1.8", "10.244.1.9"]


def test_addresses_that_another_plugin_gives_are_its_own_affair():
    conf = read_conf(CONF | {"ipam": {"type": "dhcp", "subnet": 7 * "x"}})
    assert (conf.ipam.delegated, conf.ipam.sets) == (True, ())
    assert conf.document["ipam"]["type"] == "dhcp"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cniVersion": "9.0.0"}, Code.INCOMPATIBLE_VERSION),
        ({"name": ""}, Code.INVALID_CONFIG),
        ({"name": "../up"}, Code.INVALID_CONFIG),
        ({"mtu": -1}, Code.INVALID_CONFIG),
        ({"mtu": "big"}, Code.INVALID_CONFIG),
        ({"ipam": {"type": "host-local", "subnet": "10.0.0.0/33"}}, Code.INVALID_CONFIG),
        ({"ipam": {"ranges": "all"}}, Code.INVALID_CONFIG),
        ({"ipam": {"type": "a/b"}}, Code.INVALID_CONFIG),
        ({"bridge": "a name too long by far"}, Code.INVALID_CONFIG),
        ({"bridge": ".."}, Code.INVALID_CONFIG),
        ({"hairpinMode": True, "promiscMode": True}, Code.INVALID_CONFIG),
        ({"vlan": 5000}, Code.INVALID_CONFIG),
        ({"vlan": 5, "vlanTrunk": [{"id": 6}]}, Code.INVALID_CONFIG),
        ({"vlanTrunk": [{"id": 0}]}, Code.INVALID_CONFIG),
        ({"vlanTrunk": [{"minID": 5}]}, Code.INVALID_CONFIG),
        ({"vlanTrunk": [{"minID": 9, "maxID": 5}]}, Code.INVALID_CONFIG),
        ({"runtimeConfig": {"mac": "01:00:5e:00:00:01"}}, Code.INVALID_CONFIG),
        ({"runtimeConfig": {"ips": ["10.0.0"]}}, Code.INVALID_CONFIG),
        ({"runtimeConfig": {"portMappings": [{"hostPort": 0, "containerPort": 80}]}}, Code.INVALID_CONFIG),
        (
            {"runtimeConfig": {"portMappings": [{"hostPort": 80, "containerPort": 80, "hostIP": "x"}]}},
            Code.INVALID_CONFIG,
        ),
        ({"runtimeConfig": {"bandwidth": {"ingressRate": 1000}}}, Code.INVALID_CONFIG),
        ({"runtimeConfig": {"bandwidth": {"egressBurst": 1000}}}, Code.INVALID_CONFIG),
        ({"runtimeConfig": {"bandwidth": {"egressRate": 1000, "egressBurst": 1 << 40}}}, Code.INVALID_CONFIG),
        ({"cni.dev/valid-attachments": [{"containerID": "c"}]}, Code.INVALID_CONFIG),
        (
            {"ipam": {"type": "host-local", "subnet": "10.0.0.0/24", "routes": [{"gw": "10.0.0.1"}]}},
            Code.INVALID_CONFIG,
        ),
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
