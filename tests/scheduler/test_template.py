import pytest

from pyk8s.scheduler.template import Templates, make
from tests.scheduler.makers import pod

CHANGES = {
    "namespace": {"namespace": "other"},
    "labels": {"labels": {"app": "web"}},
    "owner": {"owner": "rs-2"},
    "cpu": {"cpu": "1"},
    "port": {"port": 80},
    "image": {"image": "redis"},
    "node selector": {"nodeSelector": {"a": "b"}},
    "tolerations": {"tolerations": [{"operator": "Exists"}]},
    "affinity": {"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}},
    "spread": {"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone"}]},
    "overhead": {"overhead": {"cpu": "1m"}},
}


@pytest.mark.parametrize("change", CHANGES)
def test_pods_that_differ_in_where_they_may_go_have_different_templates(change):
    templates = Templates()
    assert templates.of(pod()) is not templates.of(pod(**CHANGES[change]))


@pytest.mark.parametrize("more", [{}, {"node": "n1"}, {"priority": 7}, {"schedulerName": "other"}])
def test_pods_that_are_alike_share_a_template(more):
    templates = Templates()
    assert templates.of(pod("a")) is templates.of(pod("b", **more))


def test_a_pod_that_stands_somewhere_does_not_send_others_there():
    templates = Templates()
    assert templates.of(pod("a", node="n1")).node_name == ""
    assert make(pod("a", node="n1")).node_name == "n1"


def test_few_templates_are_remembered():
    templates = Templates(kept=2)
    first = templates.of(pod(cpu="1"))
    templates.of(pod(cpu="2"))
    assert templates.of(pod(cpu="1")) is first
    templates.of(pod(cpu="3"))
    assert templates.of(pod(cpu="1")) is first
    templates.of(pod(cpu="2"))
    templates.of(pod(cpu="3"))
    assert templates.of(pod(cpu="1")) is not first


def test_host_ports_of_all_containers_are_wanted():
    ports = [
        {"hostPort": 80, "protocol": "TCP"},
        {"hostPort": 53, "protocol": "UDP", "hostIP": "10.0.0.1"},
        {"containerPort": 8080},
        {"hostPort": 81, "hostIP": "0.0.0.0"},
    ]
    made = make(
        pod(containers=[{"name": "a", "ports": ports}], initContainers=[{"name": "b", "ports": [{"hostPort": 9}]}])
    )
    assert made.ports == [("", "TCP", 80), ("10.0.0.1", "UDP", 53), ("", "TCP", 81), ("", "TCP", 9)]


def test_match_label_keys_narrow_the_selector_to_pods_with_the_same_value():
    constraint = {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "web"}}, "matchLabelKeys": ["v", "x"]}
    (spread,) = make(pod(labels={"app": "web", "v": "1"}, topologySpreadConstraints=[constraint])).spread
    assert spread.selector.matches({"app": "web", "v": "1"})
    assert not spread.selector.matches({"app": "web", "v": "2"})


def test_a_selector_that_cannot_be_read_means_nobody():
    wrong = {"matchExpressions": [{"key": "a", "operator": "Like"}]}
    (spread,) = make(pod(topologySpreadConstraints=[{"topologyKey": "zone", "labelSelector": wrong}])).spread
    assert not spread.selector.matches({"a": "b"})
