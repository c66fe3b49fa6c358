"""The fixed rules of the mode, as iptables-save shows them."""

from dataclasses import replace

import pytest

from pyk8s.kernel.iptables.text import render_rule
from pyk8s.proxy.ipvs.chains import JUMPS, plan_tables
from pyk8s.proxy.plan import Settings

NEW = "-m conntrack --ctstate NEW "


def told(rules):
    return [render_rule(replace(rule, comment="")) for rule in rules]


@pytest.mark.parametrize(
    ("table", "chain", "rules"),
    [
        (
            "nat",
            "KUBE-POSTROUTING",
            # The mark is cleared, or whatever passes here twice would be masqueraded twice.
            [
                "-m set --match-set KUBE-LOOP-BACK dst,dst,src -j MASQUERADE",
                "-m mark ! --mark 0x80/0x80 -j RETURN",
                "-j MARK --set-xmark 0x80/0x0",
                "-j MASQUERADE --random-fully",
            ],
        ),
        ("nat", "KUBE-MARK-MASQ", ["-j MARK --set-xmark 0x80/0x80"]),
        (
            "filter",
            "KUBE-FORWARD",
            ["-m mark --mark 0x80/0x80 -j ACCEPT", "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"],
        ),
        (
            "filter",
            "KUBE-SOURCE-RANGES-FIREWALL",
            [
                "-m set --match-set KUBE-LOAD-BALANCER-SOURCE-CIDR dst,dst,src -j RETURN",
                "-m set --match-set KUBE-LOAD-BALANCER-SOURCE-IP dst,dst,src -j RETURN",
                "-j DROP",
            ],
        ),
        (
            "nat",
            "KUBE-LOAD-BALANCER",
            [
                "-m addrtype --src-type LOCAL -m set --match-set KUBE-LOAD-BALANCER-LOCAL dst,dst -j KUBE-MARK-MASQ",
                "-m set --match-set KUBE-LOAD-BALANCER-LOCAL dst,dst -j RETURN",
                "-j KUBE-MARK-MASQ",
            ],
        ),
    ],
)
def test_what_stands_in_a_chain(table, chain, rules):
    assert told(plan_tables(Settings(mark=0x80))[table][chain]) == rules


@pytest.mark.parametrize("protocol", ["tcp", "udp", "sctp"])
def test_a_node_port_with_local_endpoints_is_masqueraded_for_the_node_alone(protocol):
    rules = [rule for rule in told(plan_tables(Settings())["nat"]["KUBE-NODE-PORT"]) if f"-p {protocol} " in rule]
    assert [("--src-type LOCAL" in rule, rule.rpartition(" ")[2]) for rule in rules] == [
        (True, "KUBE-MARK-MASQ"),
        (False, "RETURN"),
        (False, "KUBE-MARK-MASQ"),
    ]


@pytest.mark.parametrize(
    ("table", "chain", "jumps"),
    [
        ("mangle", "PREROUTING", [f"{NEW}-j KUBE-SHORT-CUT"]),
        ("mangle", "OUTPUT", [f"{NEW}-j KUBE-PROXY-FIREWALL", f"{NEW}-j KUBE-SHORT-CUT"]),
        ("nat", "PREROUTING", ["-j KUBE-SERVICES"]),
        ("nat", "OUTPUT", ["-j KUBE-SERVICES"]),
        ("nat", "POSTROUTING", ["-j KUBE-POSTROUTING"]),
        ("filter", "INPUT", [f"{NEW}-j KUBE-PROXY-FIREWALL", f"{NEW}-j KUBE-IPVS-FILTER"]),
        ("filter", "FORWARD", ["-j KUBE-FORWARD", f"{NEW}-j KUBE-PROXY-FIREWALL"]),
        ("filter", "OUTPUT", [f"{NEW}-j KUBE-PROXY-FIREWALL", f"{NEW}-j KUBE-IPVS-OUT-FILTER"]),
    ],
)
def test_what_built_in_chains_begin_with(table, chain, jumps):
    assert told(JUMPS[table, chain]) == jumps
