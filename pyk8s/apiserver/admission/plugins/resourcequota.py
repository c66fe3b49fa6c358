"""A namespace uses no more than its quotas allow: objects by number, pods by what they request.

Usage is kept in the quota's status, which is written under the revision it was read at: two creates that want the last
place cannot both have it. Where the status says nothing yet, or says that there is no room, usage is counted anew from
the objects that are there and the creates that are under way. Source: plugin/pkg/admission/resourcequota, pkg/quota/v1.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyk8s.api.errors import ApiError, forbidden
from pyk8s.api.objectmeta import Object
from pyk8s.api.refs import Ref
from pyk8s.api.resources import Resource
from pyk8s.apiserver.admission.charges import total
from pyk8s.apiserver.admission.review import Cluster, Plugin, Review
from pyk8s.apiserver.admission.usage import (
    Amounts,
    add,
    counted_kinds,
    covers,
    exceeded,
    hard_of,
    is_measured,
    shown,
    usage_of,
    used_of,
    written,
)

QUOTAS = Ref("", "v1", "resourcequotas")


class _Full(Exception):
    """The status of a quota says nothing, or that there is no room."""


def handles(resource: Resource, subresource: str, action: str) -> bool:
    """Everything that is made in a namespace, updates that may make services and claims bigger, quotas themselves."""
    if not resource.namespaced or subresource:
        return False
    grows = not resource.group and resource.plural in ("services", "persistentvolumeclaims", "resourcequotas")
    return action == "create" or (action == "update" and grows)


async def mutate(obj: Object, review: Review, cluster: Cluster) -> Object:
    """A quota with what its namespace uses, counted anew whenever it is made or changed; anything else as it is."""
    if review.resource.group or review.resource.plural != QUOTAS.resource:
        return obj
    await cluster.lookup.fresh()
    return written(obj, recount(obj, review, cluster))


async def validate(obj: Object, review: Review, cluster: Cluster) -> None:
    """Raise ApiError (Forbidden) when a quota would be exceeded; else charge every quota that the object counts in."""
    quotas = cluster.lookup.every(QUOTAS, review.namespace)
    if not quotas:
        return
    wanted = grown(review, obj)
    for quota in quotas:
        hard = hard_of(quota)
        if not covers(quota, review.resource, obj):
            continue
        if missing := unsaid(review, obj, hard):
            why = f"failed quota: {quota['metadata']['name']}: must specify {'; '.join(missing)}"
            raise _forbidden(obj, review, why)
        charge = {name: amount for name, amount in wanted.items() if name in hard}
        if charge:
            await _charge(quota, obj, review, cluster, charge)


def grown(review: Review, obj: Object) -> Amounts:
    """What the write makes the namespace use more than before."""
    wanted = usage_of(review.resource, obj)
    before = usage_of(review.resource, review.old) if review.old is not None else {}
    more = {name: amount - before.get(name, 0) for name, amount in wanted.items()}
    return {name: amount for name, amount in more.items() if amount > 0}


def unsaid(review: Review, obj: Object, hard: Amounts) -> list[str]:
    """The amounts that containers do not say although a quota counts them."""
    if review.resource.plural != "pods" or review.resource.group:
        return []
    missing: list[str] = []
    for name in sorted(filter(is_measured, hard)):
        kind, _, amount = name.rpartition(".")
        part = "limits" if kind == "limits" else "requests"
        without = [
            one.get("name", "")
            for one in obj["spec"].get("containers") or ()
            if amount not in ((one.get("resources") or {}).get(part) or {})
        ]
        if without:
            missing.append(f"{name} for: {','.join(without)}")
    return missing


async def _charge(quota: Object, obj: Object, review: Review, cluster: Cluster, charge: Amounts) -> None:
    name = quota["metadata"]["name"]
    if review.options.dry_run:
        await cluster.lookup.fresh()
        quota = cluster.lookup.peek(QUOTAS, review.namespace, name) or quota
        return _refuse(obj, review, quota, used_of(quota) or recount(quota, review, cluster), charge)
    key, charges = (review.namespace, name), cluster.charges
    async with charges.lock(key):
        try:
            await cluster.rewrite(QUOTAS, review.namespace, name, lambda current: _by_status(current, charge))
        except _Full:
            # What is under way before the cache catches up may be stored by then: rather counted twice than never.
            before = total(charges.under_way(key))
            await cluster.lookup.fresh()
            await cluster.rewrite(
                QUOTAS, review.namespace, name, lambda current: _by_count(current, before, charge, obj, review, cluster)
            )
        own = charges.begin(key, charge)
    review.afterwards.append(lambda: charges.end(key, own))
    return None


def _by_status(quota: Object, charge: Amounts) -> Object:
    used = used_of(quota)
    if used is None or exceeded(hard_of(quota), used, charge):
        raise _Full
    return written(quota, add(used, charge))


def _by_count(quota: Object, others: Amounts, charge: Amounts, obj: Object, review: Review, cluster: Cluster) -> Object:
    used = add(recount(quota, review, cluster), others)
    _refuse(obj, review, quota, used, charge)
    return written(quota, add(used, charge))


def _refuse(obj: Object, review: Review, quota: Object, used: Amounts, wanted: Amounts) -> None:
    hard = hard_of(quota)
    over = exceeded(hard, used, wanted)
    if over:
        why = (
            f"exceeded quota: {quota['metadata']['name']}, requested: {_listed(over, wanted)}, "
            f"used: {_listed(over, used)}, limited: {_listed(over, hard)}"
        )
        raise _forbidden(obj, review, why)


def _listed(names: Sequence[str], amounts: Amounts) -> str:
    return ",".join(f"{name}={shown(name, amounts.get(name, 0))}" for name in names)


def _forbidden(obj: Object, review: Review, why: str) -> ApiError:
    return forbidden(review.resource.group, review.resource.plural, obj["metadata"].get("name", ""), why)


def recount(quota: Object, review: Review, cluster: Cluster) -> Amounts:
    """What the namespace uses of what the quota counts, by every object that is there."""
    hard = hard_of(quota)
    used: Amounts = {}
    for resource in cluster.lookup.kinds(counted_kinds(hard)):
        for one in cluster.lookup.every(resource.ref(), review.namespace):
            if covers(quota, resource, one):
                used = add(used, usage_of(resource, one))
    return {name: used[name] for name in hard if name in used}


PLUGIN = Plugin(name="ResourceQuota", handles=handles, mutate=mutate, validate=validate)
