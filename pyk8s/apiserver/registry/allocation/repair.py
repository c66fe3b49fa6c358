"""Addresses and node ports put right after a crash: none stays taken without its service, no service is without one.

Only what looks wrong twice, so long apart that no write under way explains it, is changed; and every change is made
under the revision at which it was judged.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pyk8s.aio import clock
from pyk8s.api.objectmeta import Object, parse_time
from pyk8s.apiserver.registry.allocation.pool import Holder, Pool, holder_of
from pyk8s.apiserver.registry.allocation.services import ServiceClaims, names_of
from pyk8s.observe import logs

log = logs.get("allocation")

EVERY = 180.0
"""Seconds between two rounds. Source: kube-apiserver's repair controllers."""

SETTLED = timedelta(seconds=60)
"""A record younger than this may belong to a service that is just being written."""

Services = Callable[[], Awaitable[Iterable[Object]]]
"""Every service that there is, as new as the store."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What one round does to a pool: names to set free, names to take for a holder, names that two services claim."""

    free: tuple[str, ...] = ()
    take: tuple[tuple[str, Holder], ...] = ()
    disputed: tuple[tuple[str, Holder], ...] = ()


def plan_repair(records: Mapping[str, Object], claims: Iterable[tuple[str, Holder]], now: datetime) -> Repair:
    """What is wrong with a pool: `records` by name are what is taken, `claims` what services say they have."""
    claimed: dict[str, Holder] = {}
    disputed: list[tuple[str, Holder]] = []
    for name, holder in claims:
        if name in claimed and claimed[name] != holder:
            disputed.append((name, holder))
        else:
            claimed[name] = holder
    free, take = [], []
    for name, record in records.items():
        wanted = claimed.get(name)
        settled = now - parse_time(record["metadata"]["creationTimestamp"]) >= SETTLED
        if wanted != holder_of(record) and settled:
            free.append(name)
            if wanted is not None:
                take.append((name, wanted))
    take += [(name, holder) for name, holder in claimed.items() if name not in records]
    return Repair(tuple(free), tuple(take), tuple(disputed))


async def repair(claims: ServiceClaims, services: Iterable[Object]) -> None:
    """One round over both pools. Raises ApiError (ServiceUnavailable)."""
    held = [(Holder.of(one), names_of(one)) for one in services]
    addresses = [(name, holder) for holder, (names, _) in held for name in sorted(names)]
    ports = [(str(number), holder) for holder, (_, numbers) in held for number in sorted(numbers)]
    await _apply(claims.addresses, addresses)
    await _apply(claims.ports, ports)


async def _apply(pool: Pool, claims: Iterable[tuple[str, Holder]]) -> None:
    records = {}
    for name in pool.names():
        record = await pool.record(name)
        if record is not None:
            records[name] = record
    plan = plan_repair({name: record.obj for name, record in records.items()}, claims, clock.now())
    for name in plan.free:
        if await pool.drop(name, records[name]):
            log.info("set free: no service has it", resource=pool.resource.plural, name=name)
    for name, holder in plan.take:
        if await pool.take(name, holder):
            log.info("taken for its service", resource=pool.resource.plural, name=name, service=holder.name)
    for name, holder in plan.disputed:
        service = f"{holder.namespace}/{holder.name}"
        log.error("two services have it: make this one anew", resource=pool.resource.plural, name=name, service=service)


async def keep_repaired(claims: ServiceClaims, services: Services) -> None:
    """A round every `EVERY` seconds, for ever; a round that fails is logged."""
    while True:
        try:
            await repair(claims, await services())
        except Exception as why:
            log.warning("the addresses of services could not be checked", why=str(why))
        await clock.sleep(EVERY)
