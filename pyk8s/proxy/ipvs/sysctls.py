"""What IPVS needs of the kernel's settings. Pure. Source: the kernel's Documentation/networking/ipvs-sysctl.rst."""

from __future__ import annotations

import re

from pyk8s.proxy.plan import Settings

REUSES_WELL = (5, 9)
"""Kernels from this one on open a reused port's connection anew without making its client wait for a second."""


def plan_sysctls(settings: Settings, release: str) -> dict[str, str]:
    """Values by the path below /proc/sys, for the kernel `release` ("6.1.0-13-cloud-amd64")."""
    wanted = {
        "net/ipv4/vs/conntrack": "1",  # or nobody's source could be replaced
        "net/ipv4/vs/expire_nodest_conn": "1",  # connections to an endpoint that was removed end at once
        "net/ipv4/vs/expire_quiescent_template": "1",  # clients that were bound to one that drains choose anew
        "net/ipv4/ip_forward": "1",
    }
    numbers = [int(each) for each in re.findall(r"\d+", release)[:2]]
    if numbers and tuple(numbers) < REUSES_WELL:
        wanted["net/ipv4/vs/conn_reuse_mode"] = "0"
    if settings.strict_arp:
        # Answer for an address on the link that has it, and ask from the best one: not for those of services.
        wanted |= {"net/ipv4/conf/all/arp_ignore": "1", "net/ipv4/conf/all/arp_announce": "2"}
    return wanted
