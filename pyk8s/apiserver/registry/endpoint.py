"""Where pods find the API: the `kubernetes` service, and its endpoints, one for each API server that is alive.

Each server keeps a record with its address in the store, which goes by itself when the server is gone; whoever sees
the records change writes the endpoints. Source: kube-apiserver's lease endpoint reconciler (`/registry/masterleases`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address

import orjson

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError
from pyk8s.api.objectmeta import Object, timestamp
from pyk8s.api.resources import Resource, Resources
from pyk8s.apiserver.cacher.cached import Cached
from pyk8s.apiserver.cacher.cacher import Cacher
from pyk8s.apiserver.registry.bootstrap import SYSTEM, Bootstrap, kubernetes_service
from pyk8s.apiserver.registry.config import Config
from pyk8s.apiserver.registry.objects import Held, encode
from pyk8s.apiserver.registry.records import Records
from pyk8s.apiserver.request import Answer, Handler, Request
from pyk8s.observe import logs

log = logs.get("endpoint")

SERVERS = Resource(
    group="",
    version="v1",
    kind="ServerRecord",
    plural="masterleases",
    singular="serverrecord",
    namespaced=False,
    definition="",
    verbs=(),
)
"""Stored like an object, served to nobody: an API server that is alive."""

LIFETIME = 15
"""Seconds after which a server that is silent counts as gone."""
RENEWED = 10.0
"""Seconds between two signs of life."""

NAME, NAMESPACE = "kubernetes", "default"


def endpoint_objects(addresses: Sequence[str], port: int) -> list[Object]:
    """The Endpoints and the EndpointSlice of the service for these addresses."""
    ports = [{"name": "https", "port": port, "protocol": "TCP"}]
    subsets = [{"addresses": [{"ip": one} for one in addresses], "ports": ports}] if addresses else []
    labels = {"endpointslice.kubernetes.io/skip-mirror": "true"}
    version = ip_address(addresses[0]).version if addresses else 4
    return [
        {
            "kind": "Endpoints",
            "apiVersion": "v1",
            "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": labels},
            "subsets": subsets,
        },
        {
            "kind": "EndpointSlice",
            "apiVersion": "discovery.k8s.io/v1",
            "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": {"kubernetes.io/service-name": NAME}},
            "addressType": f"IPv{version}",
            "endpoints": [{"addresses": [one], "conditions": {"ready": True}} for one in addresses],
            "ports": ports,
        },
    ]


class Advertiser:
    """Keeps this server's record, and the endpoints as the records say."""

    def __init__(self, handle: Handler, records: Records, cacher: Cacher, resources: Resources, config: Config) -> None:
        self._handle = handle
        self._records = records
        self._cacher = cacher
        self._resources = resources
        self._config = config
        self._changed = asyncio.Event()
        cacher.subscribe(SERVERS, self._note)

    def _note(self, old: Cached | None, new: Cached | None) -> None:
        if old is None or new is None:
            self._changed.set()

    def alive(self) -> list[str]:
        """The addresses of the servers that are alive, as far as the watch cache has come."""
        return sorted(one.name for one in self._cacher.select(SERVERS))

    async def announce(self) -> None:
        """Give a sign of life. Raises ApiError (ServiceUnavailable)."""
        name = self._config.advertise_address
        metadata = {"name": name, "renewTime": timestamp(clock.now())}
        body = encode({"kind": SERVERS.kind, "apiVersion": "v1", "metadata": metadata})

        async def renew(current: Held, live: bool) -> None:
            await self._records.replace(SERVERS, "", name, body, current.revision, LIFETIME)

        async def begin() -> None:
            await self._records.add(SERVERS, "", name, body, LIFETIME)

        await self._records.attempt(SERVERS, "", name, renew, begin)

    async def publish(self) -> None:
        """Write the endpoints where they are not as the records say, and the service where it is gone.

        Raises ApiError.
        """
        await Bootstrap(self._handle, self._resources).ensure([kubernetes_service(self._config)])
        alive = self.alive()
        for obj in endpoint_objects(alive, self._config.advertise_port):
            await self._write(obj)

    async def _write(self, obj: Object) -> None:
        try:
            held = await self._ask("get", obj, NAME)
        except ApiError as error:
            if error.reason != "NotFound":
                raise
            await self._ask("create", obj, "", obj)
            return
        mine = {key: value for key, value in obj.items() if key not in ("kind", "apiVersion", "metadata")}
        if any(held.get(key, []) != value for key, value in mine.items()):
            await self._ask("update", obj, NAME, {**held, **mine})

    async def _ask(self, verb: str, of: Object, name: str, body: Object | None = None) -> Object:
        answer = await self._handle(
            Request(
                verb=verb,
                resource=self._resources.by_kind(of["apiVersion"], of["kind"]),
                namespace=NAMESPACE,
                name=name,
                body=orjson.dumps(body) if body is not None else b"",
                user=SYSTEM,
            )
        )
        assert isinstance(answer, Answer), f"{verb} is answered with one object"
        found: Object = orjson.loads(answer.body)
        return found

    async def keep(self) -> None:
        """Announce and publish for ever; whatever fails is tried again with the next sign of life."""
        while True:
            self._changed.clear()
            try:
                await self.announce()
                await self._cacher.fresh()
                await self.publish()
            except Exception as why:
                log.warning("the endpoints of the kubernetes service could not be written", why=str(why))
            deadline = clock.monotonic() + RENEWED
            try:
                async with asyncio.timeout_at(deadline):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def withdraw(self) -> None:
        """Say that this server goes. Raises ApiError (ServiceUnavailable)."""
        name = self._config.advertise_address

        async def remove(current: Held, live: bool) -> None:
            await self._records.remove(SERVERS, "", name, current.revision)

        async def gone() -> None:
            return None

        await self._records.attempt(SERVERS, "", name, remove, gone)
