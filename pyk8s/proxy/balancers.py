"""What load balancers ask a node: whether it has endpoints of a Service that keeps its clients' addresses.

A Service of type LoadBalancer with externalTrafficPolicy Local has a port for that, its healthCheckNodePort.
Source: Kubernetes, "Create an External Load Balancer", and kube-proxy's answers there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias

import orjson

from pyk8s.aio import clock
from pyk8s.observe import logs
from pyk8s.observe.pages import Page, serve
from pyk8s.proxy.objects import EndpointSlice, Service
from pyk8s.proxy.plan import Key, count_local

log = logs.get("proxy")

Place: TypeAlias = tuple[Key, int, str]
"""Where is answered: for a service, at a port, of an address."""

AGAIN_SECONDS = 10.0
"""After how long a port that could not be had is tried again."""


@dataclass(frozen=True, slots=True)
class Check:
    """The port at which a service is asked for, and how many ready endpoints it has on this node."""

    port: int
    local: int


def plan_check(service: Service | None, slices: Iterable[EndpointSlice], node: str) -> Check | None:
    """What is to be answered for `service`; None when nobody asks."""
    if service is None or service.spec.type != "LoadBalancer" or not service.spec.health_check_node_port:
        return None
    if service.spec.external_traffic_policy != "Local":
        return None
    return Check(service.spec.health_check_node_port, count_local(service, slices, node))


def answer(key: Key, check: Check, *, well: bool) -> Page:
    """The answer for the service `key`, from a proxy that is `well` or not."""
    namespace, _, name = key.partition("/")
    body = {
        "service": {"namespace": namespace, "name": name},
        "localEndpoints": check.local,
        "serviceProxyHealthy": well,
    }
    good = well and check.local > 0
    headers = ("X-Content-Type-Options: nosniff", f"X-Load-Balancing-Endpoint-Weight: {check.local}")
    status = HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
    return Page(orjson.dumps(body), status, "application/json", headers)


class Checks:
    """The ports of all services that are asked for, at `hosts`; `well` says how the proxy is."""

    def __init__(self, hosts: Callable[[], Iterable[str]], well: Callable[[], bool]) -> None:
        self._hosts = hosts
        self._well = well
        self._wanted: dict[Key, Check] = {}
        self._servers: dict[Place, asyncio.Server] = {}
        self._woken = asyncio.Event()

    def want(self, key: Key, check: Check | None) -> None:
        """Answer for the service `key` as `check` says, or no more."""
        if check is None:
            gone = self._wanted.pop(key, None)
            if gone is None:
                return
        else:
            self._wanted[key] = check
        self._woken.set()

    async def keep(self) -> None:
        """Open and close ports as is wanted, until cancelled; all are closed then."""
        try:
            while True:
                self._woken.clear()
                missing = await self._match()
                with suppress(TimeoutError):
                    async with asyncio.timeout(AGAIN_SECONDS if missing else None):
                        await self._woken.wait()
        finally:
            for key in list(self._servers):
                self._close(key)

    def look(self) -> None:
        """The addresses to answer at may have changed."""
        self._woken.set()

    async def _match(self) -> bool:
        """Bring the ports in line with what is wanted; whether one could not be had."""
        hosts = tuple(self._hosts()) if self._wanted else ()
        wanted = {(key, check.port, host) for key, check in self._wanted.items() for host in hosts}
        for key in self._servers.keys() - wanted:
            self._close(key)
        missing = False
        for place in sorted(wanted - self._servers.keys()):
            name, port, host = place
            try:
                self._servers[place] = await self._open(name, port, host)
            except (OSError, OverflowError) as why:
                missing = True
                log.warning("a load balancer's question cannot be answered", service=name, port=port, at=host, why=why)
        return missing

    async def _open(self, name: Key, port: int, host: str) -> asyncio.Server:
        def look(path: str, query: str) -> Page | None:
            check = self._wanted.get(name)
            return answer(name, check, well=self._well()) if check is not None else None

        return await serve(look, host, port)

    def _close(self, place: Place) -> None:
        self._servers.pop(place).close()


def now_well(well: Callable[[float], bool]) -> Callable[[], bool]:
    """Asks `well` about this moment."""
    return lambda: well(clock.wall())
