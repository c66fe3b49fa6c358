"""Of which address families a service is: what it says, what it implies, what the cluster has. Pure.

Source: KEP-563 (dual-stack services), pkg/registry/core/service/storage/alloc.go and the Kubernetes documentation,
"IPv4/IPv6 dual-stack": a service has one family or two, changes from one to two and back by its policy, and keeps its
first family and address for life.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object
from pyk8s.api.validation.causes import invalid
from pyk8s.apiserver.registry.strategies.service import HEADLESS, type_of

IPV4, IPV6 = "IPv4", "IPv6"
SINGLE, PREFER, REQUIRE = "SingleStack", "PreferDualStack", "RequireDualStack"


def family_of(address: str) -> str:
    """IPv4 or IPv6."""
    return IPV6 if ":" in address else IPV4


def settle(spec: Object, before: Object | None, cluster: Sequence[str]) -> tuple[Object, list[Cause]]:
    """`spec` with its policy and families, in a cluster of the families `cluster` (the first is the usual one), and
    what keeps it from having them. `before` is the spec that an update replaces."""
    if type_of(spec) == "ExternalName":
        return spec, []
    if before is not None and type_of(before) == "ExternalName":
        before = {"type": "ExternalName"}
    if _is_as_preferred(spec, before):
        return spec, []
    policy = spec.get("ipFamilyPolicy") or (before or {}).get("ipFamilyPolicy") or _policy(spec)
    made = {**spec, "ipFamilyPolicy": policy}
    if before is not None:
        made = _released(made, before)
    causes = _check_release(made, before) + _check_count(made)
    families = list(made.get("ipFamilies") or ())
    for index, address in enumerate(_addresses(made)[len(families) :], len(families)):
        if family_of(address) in cluster:
            families.append(family_of(address))
        else:
            text = f"{family_of(address)} is not configured on this cluster"
            causes.append(invalid(f"spec.clusterIPs[{index}]", made["clusterIPs"], text))
    if not causes and not _is_free(made):
        causes += _check_cluster(policy, families, cluster)
    if causes:
        return made, causes
    families = families or [cluster[0]]
    if policy != SINGLE and len(families) == 1 and (len(cluster) == 2 or _is_free(made)):
        families.append(IPV6 if families[0] == IPV4 else IPV4)
    return {**made, "ipFamilies": families}, []


def _is_free(spec: Object) -> bool:
    """Whether somebody else says where the service is: then it may be of families that the cluster has not."""
    return spec.get("clusterIP") == HEADLESS and not spec.get("selector")


def _policy(spec: Object) -> str:
    return REQUIRE if _is_free(spec) else SINGLE


def _is_as_preferred(spec: Object, before: Object | None) -> bool:
    """A service that prefers two families, and is left alone: it stays as it is when the cluster becomes another."""
    return (
        before is not None
        and spec.get("ipFamilyPolicy") == PREFER == before.get("ipFamilyPolicy")
        and type_of(spec) == type_of(before)
        and bool(spec.get("ipFamilies"))
        and spec["ipFamilies"] == before.get("ipFamilies")
        and spec.get("clusterIPs") == before.get("clusterIPs")
    )


def _released(spec: Object, before: Object) -> Object:
    """With the first family alone, when the policy becomes that of one and nothing else was said."""
    made = dict(spec)
    for field in ("clusterIPs", "ipFamilies"):
        held = spec.get(field) or []
        if spec["ipFamilyPolicy"] == SINGLE and len(held) > 1 and held == before.get(field):
            made[field] = held[:1]
    return made


def _check_release(spec: Object, before: Object | None) -> list[Cause]:
    if before is None or spec["ipFamilyPolicy"] == SINGLE:
        return []
    causes = []
    for field, what in (("clusterIPs", "cluster IP"), ("ipFamilies", "IP family")):
        kept, held = spec.get(field) or [], before.get(field) or []
        if kept and len(kept) == 1 < len(held) and kept == held[:1]:
            text = f"must be 'SingleStack' to release the secondary {what}"
            causes.append(invalid("spec.ipFamilyPolicy", spec["ipFamilyPolicy"], text))
    return causes


def _check_count(spec: Object) -> list[Cause]:
    if spec["ipFamilyPolicy"] != SINGLE:
        return []
    text = "must be 'RequireDualStack' or 'PreferDualStack' when multiple {} are specified"
    return [
        invalid("spec.ipFamilyPolicy", SINGLE, text.format(what))
        for field, what in (("clusterIPs", "cluster IPs"), ("ipFamilies", "IP families"))
        if len(spec.get(field) or ()) == 2
    ]


def _check_cluster(policy: str, families: Sequence[str], cluster: Sequence[str]) -> list[Cause]:
    causes = []
    if policy == REQUIRE and len(cluster) < 2:
        text = "this cluster is not configured for dual-stack services"
        causes.append(invalid("spec.ipFamilyPolicy", policy, text))
    for index, family in enumerate(families):
        if family not in cluster:
            causes.append(invalid(f"spec.ipFamilies[{index}]", family, "not configured on this cluster"))
    return causes


def _addresses(spec: Object) -> list[str]:
    return [each for each in spec.get("clusterIPs") or () if each != HEADLESS]


def canonical(address: str) -> str:
    """The one form of an address, by which it is known to be taken. Raises ValueError."""
    return str(ip_address(address))
