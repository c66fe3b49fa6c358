import pytest
import yaml

from pyk8s.proxy.config import Config
from pyk8s.proxy.kubeproxy import apply, decode, ignored, seconds, standalone, unknown

KUBEADM = """
apiVersion: kubeproxy.config.k8s.io/v1alpha1
bindAddress: 0.0.0.0
bindAddressHardFail: false
clientConnection:
  acceptContentTypes: ""
  burst: 0
  contentType: ""
  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
  qps: 0
clusterCIDR: 10.244.0.0/16,fd44::/56
configSyncPeriod: 0s
conntrack:
  maxPerCore: null
  min: null
  tcpBeLiberal: false
  tcpCloseWaitTimeout: null
  tcpEstablishedTimeout: 2h0m0s
  udpStreamTimeout: 0s
  udpTimeout: 0s
detectLocal:
  bridgeInterface: ""
  interfaceNamePrefix: ""
detectLocalMode: ""
enableProfiling: false
healthzBindAddress: ""
hostnameOverride: ""
iptables:
  localhostNodePorts: null
  masqueradeAll: false
  masqueradeBit: null
  minSyncPeriod: 0s
  syncPeriod: 0s
ipvs:
  excludeCIDRs: null
  minSyncPeriod: 0s
  scheduler: ""
  strictARP: false
  syncPeriod: 0s
  tcpFinTimeout: 0s
  tcpTimeout: 0s
  udpTimeout: 0s
kind: KubeProxyConfiguration
logging:
  flushFrequency: 0
  options:
    json:
      infoBufferSize: "0"
  verbosity: 0
metricsBindAddress: ""
mode: ""
nftables:
  masqueradeAll: false
  masqueradeBit: null
  minSyncPeriod: 0s
  syncPeriod: 0s
nodePortAddresses: null
oomScoreAdj: null
portRange: ""
showHiddenMetricsForVersion: ""
winkernel:
  enableDSR: false
  networkName: ""
"""
HEAD = {"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration"}


def said(**fields):
    return apply(decode(HEAD | fields), Config("a", ("172.30.0.2",)))


def test_what_kubeadm_writes_is_understood_to_the_last_field():
    document = yaml.safe_load(KUBEADM)
    config = standalone(decode(document), "a")
    assert list(unknown(document)) == []
    assert (config.mode, config.mark, config.families, config.localhost) == ("iptables", 0x4000, (4, 6), True)
    assert config.cluster_ranges == ("10.244.0.0/16", "fd44::/56")
    assert (config.health, config.metrics) == (("0.0.0.0", 10256), ("127.0.0.1", 10249))
    assert config.sysctls == {"net/netfilter/nf_conntrack_tcp_timeout_established": "7200"}


def test_a_file_without_ranges_of_pods_is_for_both_families():
    assert standalone(decode(HEAD), "a").families == (4, 6)
    assert standalone(decode(HEAD | {"clusterCIDR": "10.244.0.0/16"}), "a").families == (4,)


@pytest.mark.parametrize(
    ("fields", "name", "value"),
    [
        ({"mode": "ipvs", "ipvs": {"scheduler": "lc", "strictARP": True}}, "scheduler", "lc"),
        ({"mode": "ipvs", "ipvs": {"scheduler": "lc", "strictARP": True}}, "strict_arp", True),
        ({"mode": "nftables", "nftables": {"masqueradeAll": True}}, "masquerade_all", True),
        ({"mode": "iptables", "nftables": {"masqueradeAll": True}}, "masquerade_all", False),
        ({"mode": "ipvs", "iptables": {"masqueradeAll": True}}, "masquerade_all", True),
        ({"iptables": {"masqueradeBit": 3}}, "mark", 8),
        ({"mode": "nftables", "nftables": {"masqueradeBit": 4}}, "mark", 16),
        ({"iptables": {"localhostNodePorts": False}}, "localhost", False),
        ({"iptables": {"syncPeriod": "1m30s"}}, "resync", 90.0),
        ({"nodePortAddresses": ["primary"]}, "node_port_addresses", ("primary",)),
        ({"detectLocalMode": "NodeCIDR"}, "pods_of_node", True),
        ({"hostnameOverride": "b"}, "node", "b"),
        ({"healthzBindAddress": "[::]:1"}, "health", ("::", 1)),
    ],
)
def test_a_field_is_followed(fields, name, value):
    assert getattr(said(**fields), name) == value


def test_what_is_not_said_stays():
    base = Config("a", ("172.30.0.2",), cluster_ranges=("10.1.0.0/16",), node_port_addresses=("primary",))
    made = apply(decode(HEAD | {"mode": "nftables"}), base)
    assert (made.cluster_ranges, made.node_port_addresses) == (base.cluster_ranges, base.node_port_addresses)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (HEAD | {"mode": "userspace"}, "mode is 'userspace'"),
        (HEAD | {"mode": 3}, r"\$.mode"),
        (HEAD | {"clusterCIDR": "pods"}, "clusterCIDR"),
        (HEAD | {"nodePortAddresses": ["x"]}, "nodePortAddresses"),
        (HEAD | {"iptables": {"masqueradeBit": 32}}, "masqueradeBit"),
        (HEAD | {"iptables": {"syncPeriod": "often"}}, "iptables.syncPeriod"),
        (HEAD | {"conntrack": {"udpTimeout": "5"}}, "udpTimeout"),
        (HEAD | {"detectLocalMode": "BridgeInterface"}, "detectLocalMode"),
        (HEAD | {"healthzBindAddress": "10256"}, "healthz"),
        (HEAD | {"kind": "Pod"}, "KubeProxyConfiguration is needed"),
        (["x"], "not list"),
    ],
)
def test_what_is_wrong_is_named(document, says):
    with pytest.raises(ValueError, match=says):
        apply(decode(document), Config("a"))


def test_fields_that_nobody_knows_are_told_by_path():
    document = HEAD | {"mod": "ipvs", "ipvs": {"sheduler": "rr"}, "logging": {"anything": 1}}
    assert list(unknown(document)) == ["mod", "ipvs.sheduler"]


@pytest.mark.parametrize(
    ("text", "value"), [("", 0), ("0s", 0), ("30s", 30), ("1h2m3.5s", 3723.5), ("250ms", 0.25), (None, 0), ("0", 0)]
)
def test_seconds(text, value):
    assert seconds(text, "key") == pytest.approx(value)


def test_what_ipvs_is_told():
    said = HEAD | {
        "mode": "ipvs",
        "ipvs": {"excludeCIDRs": ["192.0.2.0/24", "fd19::/64"], "tcpTimeout": "10m", "udpTimeout": "30s"},
    }
    config = apply(decode(said), Config("here"))
    assert config.timeouts == (600, 0, 30)
    assert [config.settings(family).excluded for family in (4, 6)] == [("192.0.2.0/24",), ("fd19::/64",)]


def test_a_range_that_is_none_is_named():
    with pytest.raises(ValueError, match=r"ipvs\.excludeCIDRs: 'nowhere'"):
        apply(decode(HEAD | {"ipvs": {"excludeCIDRs": ["nowhere"]}}), Config("here"))


@pytest.mark.parametrize("name", ["healthzBindAddress", "metricsBindAddress"])
def test_an_address_to_answer_at_that_is_wrong_is_named_as_it_is_written(name):
    with pytest.raises(ValueError, match=f"^{name} is"):
        apply(decode(HEAD | {name: "nowhere"}), Config("here"))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, []),
        ({"bindAddress": "0.0.0.0", "conntrack": {"maxPerCore": None, "min": 0}, "oomScoreAdj": None}, []),
        ({"detectLocal": {"bridgeInterface": "", "interfaceNamePrefix": ""}}, []),
        ({"bindAddress": "192.0.2.1", "bindAddressHardFail": True}, ["bindAddress", "bindAddressHardFail"]),
        ({"conntrack": {"maxPerCore": 32768, "min": 131072}}, ["conntrack.maxPerCore", "conntrack.min"]),
        ({"oomScoreAdj": -999}, ["oomScoreAdj"]),
        ({"detectLocal": {"bridgeInterface": "cni0"}}, ["detectLocal.bridgeInterface"]),
    ],
)
def test_what_has_no_effect_is_told_by_its_name_and_only_that(fields, told):
    assert list(ignored(decode(HEAD | fields))) == told
