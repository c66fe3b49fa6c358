"""The chains of all services, as iptables-save shows them, and what built-in chains begin with."""

from dataclasses import replace

import pytest

from pyk8s.kernel.iptables.text import render_rule
from pyk8s.proxy.iptables.shared import JUMPS, plan_tables
from pyk8s.proxy.plan import Settings


def told(rules):
    return [render_rule(replace(rule, comment="")) for rule in rules]


NEW = "-m conntrack --ctstate NEW "


@pytest.mark.parametrize(
    ("settings", "table", "chain", "rules"),
    [
        ({}, "nat", "MARK-MASQ", ["-j MARK --set-xmark 0x4000/0x4000"]),
        ({"cluster_ranges": ("10.244.0.0/16",)}, "nat", "MARK-FOREIGN", []),
        (
            {"cluster_ranges": ("10.244.0.0/16", "10.245.0.0/16")},
            "nat",
            "MARK-FOREIGN",
            ["-s 10.244.0.0/16 -j RETURN", "-s 10.245.0.0/16 -j RETURN", "-j KUBE-MARK-MASQ"],
        ),
        (
            {"mark": 0x80},
            "nat",
            "POSTROUTING",
            # The mark is cleared, or whatever passes here twice would be masqueraded twice.
            [
                "-m mark ! --mark 0x80/0x80 -j RETURN",
                "-j MARK --set-xmark 0x80/0x0",
                "-j MASQUERADE --random-fully",
            ],
        ),
        (
            {"mark": 0x80},
            "filter",
            "FORWARD",
            # What fits no connection was not translated back: the client would answer it with a reset.
            [
                "-m conntrack --ctstate INVALID -j DROP",
                "-m mark --mark 0x80/0x80 -j ACCEPT",
                "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            ],
        ),
        (
            {},
            "filter",
            "FIREWALL",
            # Our own node ports at 127.0.0.1 are answered to, which is what DNAT lets through.
            ["! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP"],
        ),
        ({"localhost": False}, "filter", "FIREWALL", []),
        ({"family": 6}, "filter", "FIREWALL", []),
        (
            {"service_ranges": ("10.96.0.0/16",)},
            "filter",
            "SERVICES",
            [
                "-p tcp -d 10.96.0.0/16 -j REJECT --reject-with tcp-reset",
                "-d 10.96.0.0/16 -j REJECT --reject-with icmp-port-unreachable",
            ],
        ),
    ],
)
def test_what_all_services_share(settings, table, chain, rules):
    assert told(plan_tables((), Settings(**settings))[table][f"KUBE-{chain}"]) == rules


@pytest.mark.parametrize(
    ("table", "chain", "jumps"),
    [
        ("nat", "PREROUTING", ["-j KUBE-SERVICES"]),
        ("nat", "OUTPUT", ["-j KUBE-SERVICES"]),
        ("nat", "POSTROUTING", ["-j KUBE-POSTROUTING"]),
        (
            "filter",
            "INPUT",
            ["-j KUBE-FIREWALL", f"{NEW}-j KUBE-PROXY-FIREWALL", f"{NEW}-j KUBE-EXTERNAL-SERVICES"],
        ),
        (
            "filter",
            "FORWARD",
            [
                f"{NEW}-j KUBE-PROXY-FIREWALL",
                f"{NEW}-j KUBE-SERVICES",
                f"{NEW}-j KUBE-EXTERNAL-SERVICES",
                "-j KUBE-FORWARD",
            ],
        ),
        ("filter", "OUTPUT", ["-j KUBE-FIREWALL", f"{NEW}-j KUBE-PROXY-FIREWALL", f"{NEW}-j KUBE-SERVICES"]),
    ],
)
def test_what_built_in_chains_begin_with(table, chain, jumps):
    assert told(JUMPS[table, chain]) == jumps
