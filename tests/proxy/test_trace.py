"""What the plan's interpreter and the walk over iptables rules say, by the settings: the same, and by which rule."""

import pytest

from pyk8s.kernel.iptables.fake import FakeIptables
from pyk8s.proxy import trace as plan
from pyk8s.proxy.iptables import trace as iptables
from pyk8s.proxy.iptables.ruleset import Ruleset
from pyk8s.proxy.packet import Ground, Packet, fates, place, split_place
from pyk8s.proxy.plan import plan_service
from tests.proxy.flows import (
    BOTH,
    CLUSTER,
    DROPPED,
    GROUND,
    IP,
    LOCAL,
    NODE,
    OUTSIDE,
    PASSES,
    POD,
    REJECTED,
    REMOTE,
    SELF,
    balancer,
    goes,
    settings,
)
from tests.proxy.services import endpoint_slice, service

WEB = service("web", node_port=30080)
STICKY = service("web", node_port=30080, sessionAffinity="ClientIP")
EMPTY = service("empty", "10.96.0.23", node_port=30083)
FENCED = service(
    "web",
    node_port=30080,
    type="LoadBalancer",
    status=balancer(f"{IP}9"),
    loadBalancerSourceRanges=[" 172.30.0.0/24", "192.0.2.0/24"],
)
ANY, AS_NODE = goes(LOCAL, REMOTE), goes(LOCAL, REMOTE, masqueraded=True)


def ways(mode, made, packet, ground, told):
    """Every way that `packet` can go by one of the interpreters, for one service."""
    held = [endpoint_slice("web", *BOTH)] if made is not EMPTY else []
    intents = plan_service(made, held, "here")
    if mode == "plan":
        return plan.trace(intents, packet, ground, told)
    kernel, ruleset = FakeIptables(), Ruleset(told)
    ruleset.change({"shop/web": intents})
    kernel.run(ruleset.whole({table: kernel.survey(table) for table in ("nat", "filter")}))
    return iptables.trace(kernel.tables, packet, ground)


@pytest.mark.parametrize("mode", ["plan", "iptables"])
@pytest.mark.parametrize(
    ("made", "told", "packet", "fate"),
    [
        (WEB, {"masquerade_all": True}, (POD, "10.96.0.20", 80), AS_NODE),
        (WEB, {"masquerade_all": True, "service_ranges": ()}, (POD, "10.96.0.20", 80), AS_NODE),
        (WEB, {"cluster_ranges": ()}, (OUTSIDE, "10.96.0.20", 80), ANY),
        (WEB, {"service_ranges": ()}, (OUTSIDE, "10.96.0.20", 80), AS_NODE),
        (WEB, {"service_ranges": ()}, (POD, "10.96.0.20", 80), ANY),
        (WEB, {"cluster_ranges": (CLUSTER,)}, (POD, "10.96.0.20", 80), ANY),
        (WEB, {"cluster_ranges": (CLUSTER,)}, (OUTSIDE, "10.96.0.20", 80), AS_NODE),
        (WEB, {"cluster_ranges": (CLUSTER,), "service_ranges": ()}, (OUTSIDE, "10.96.0.20", 80), AS_NODE),
        (EMPTY, {"service_ranges": ()}, (POD, "10.96.0.23", 80), REJECTED),
        (WEB, {"node_port_ranges": ("172.30.0.0/24",)}, (OUTSIDE, NODE, 30080), AS_NODE),
        (WEB, {"node_port_ranges": ("172.30.0.0/24",)}, (OUTSIDE, SELF, 30080), PASSES),
        (WEB, {"node_port_ranges": ("172.30.0.0/24",)}, ("127.0.0.1", "127.0.0.1", 30080), PASSES),
        (WEB, {"node_port_ranges": ("127.0.0.0/8",)}, ("127.0.0.1", "127.0.0.1", 30080), AS_NODE),
        (EMPTY, {"node_port_ranges": ("172.30.0.0/24",)}, (OUTSIDE, NODE, 30083), REJECTED),
        (EMPTY, {"node_port_ranges": ("172.30.0.0/24",)}, (OUTSIDE, SELF, 30083), PASSES),
        (WEB, {"localhost": False}, ("127.0.0.1", "127.0.0.1", 30080), PASSES),
        (WEB, {"localhost": False}, (OUTSIDE, NODE, 30080), AS_NODE),
        (FENCED, {}, (f"{IP}9", f"{IP}9", 80), AS_NODE),
        (FENCED, {"node_addresses": ("172.31.0.2",)}, (f"{IP}9", f"{IP}9", 80), DROPPED),
    ],
)
def test_settings_decide_alike(mode, made, told, packet, fate):
    ground = Ground(GROUND.local | {f"{IP}9"}) if made is FENCED else GROUND
    assert fates(ways(mode, made, Packet(*packet), ground, settings(**told))) == fate


@pytest.mark.parametrize("mode", ["plan", "iptables"])
def test_who_was_sent_somewhere_goes_there_again(mode):
    packet = Packet(POD, "10.96.0.20", 80)
    seen = Ground(GROUND.local, frozenset({f"{REMOTE}:8080"}))
    assert fates(ways(mode, STICKY, packet, seen, settings())) == goes(REMOTE)
    assert fates(ways(mode, STICKY, packet, GROUND, settings())) == ANY
    assert fates(ways(mode, WEB, packet, seen, settings())) == ANY


def test_the_last_step_names_what_decides():
    packet = Packet(POD, "10.96.0.20", 80)
    by_plan = {way.steps[-1] for way in ways("plan", WEB, packet, GROUND, settings())}
    assert by_plan == {f"endpoint {each}:8080, one of 2" for each in (LOCAL, REMOTE)}
    steps = [step for way in ways("iptables", WEB, packet, GROUND, settings()) for step in way.steps]
    assert any("-A KUBE-SERVICES" in step and '"shop/web cluster IP"' in step for step in steps)
    refused = ways("iptables", EMPTY, Packet(OUTSIDE, NODE, 30083), GROUND, settings())
    assert {way.steps[-1].partition(" -p")[0] for way in refused} == {
        "filter: -A KUBE-EXTERNAL-SERVICES -m addrtype --dst-type LOCAL"
    }


@pytest.mark.parametrize("text", ["10.244.0.5:8080", "[fd44::5]:8080"])
def test_a_place_is_put_together_and_taken_apart(text):
    assert place(*split_place(text)) == text
