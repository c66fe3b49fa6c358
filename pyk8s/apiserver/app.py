"""One API server, put together: store, cache, registry, chain, both doors; started and ended in good order."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Self

from pyk8s.aio import clock
from pyk8s.aio.supervise import Tasks
from pyk8s.api.errors import ApiError
from pyk8s.api.openapi.documents import OpenApi
from pyk8s.api.resources import Resource, Resources
from pyk8s.apiserver.authentication.accounts import Accounts
from pyk8s.apiserver.authentication.authenticator import Authenticator
from pyk8s.apiserver.authorization.bootstrap.table import node_rules, objects
from pyk8s.apiserver.authorization.escalation import Guard
from pyk8s.apiserver.authorization.follow import follow
from pyk8s.apiserver.authorization.graph import Graph
from pyk8s.apiserver.authorization.node import NodeAuthorizer
from pyk8s.apiserver.authorization.rbac import Rbac
from pyk8s.apiserver.authorization.reviews import Reviews
from pyk8s.apiserver.authorization.union import Union
from pyk8s.apiserver.cacher.cacher import Cacher
from pyk8s.apiserver.chain.order import build
from pyk8s.apiserver.chain.parts import Parts
from pyk8s.apiserver.dispatch import dispatch
from pyk8s.apiserver.grpc import server as grpc_door
from pyk8s.apiserver.registry.bootstrap import Bootstrap
from pyk8s.apiserver.registry.registry import Registry
from pyk8s.apiserver.request import Handler, Request, Response
from pyk8s.apiserver.rest import documents
from pyk8s.apiserver.rest import server as rest_door
from pyk8s.apiserver.settings import Settings
from pyk8s.apiserver.tunnel.endpoint import Tunnel
from pyk8s.apiserver.tunnel.kubelets import Credentials, Kubelets
from pyk8s.observe import logs, metrics
from pyk8s.observe.health import Health
from pyk8s.storage import upkeep
from pyk8s.storage.etcd.store import EtcdStore
from pyk8s.storage.interface import StorageError, Store
from pyk8s.storage.memory import MemoryStore
from pyk8s.wire.pki import read_pem
from pyk8s.wire.tls import server_context
from pyk8s.wire.tokens import Signer, Verifier

log = logs.get("apiserver")

WATCHED = 5.0
"""Seconds between two looks at whether the store answers."""


@dataclass(slots=True)
class Ports:
    """Where the doors are open."""

    https: int = 0
    grpc: int = 0


class ApiServer:
    """An API server in this process: `async with ApiServer(settings) as server`.

    `handler` is the chain with everything behind it, for callers in the same process; `ports` say where the doors are.
    It is ready once the context is entered.
    """

    def __init__(self, settings: Settings, store: Store | None = None) -> None:
        self.settings = settings
        self.ports = Ports()
        self.resources = Resources.builtin()
        self.health = Health(live={"ping": lambda: ""})
        self.rbac, self.graph = Rbac(), Graph()
        self.handler: Handler = _not_started
        self._store = store
        self._ending = AsyncExitStack()
        self._store_fails = ""
        self._bootstrapped = False

    async def __aenter__(self) -> Self:
        """Start: connect to the store, fill the cache, create what every cluster has, open the doors.

        Raises SettingsInvalid, WireError, storage.Unavailable; then nothing is left behind.
        """
        try:
            await self._start()
        except BaseException:
            await self._ending.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop: take no more connections, end the watches, let requests under way finish, close the store."""
        await self._ending.aclose()

    async def _start(self) -> None:
        settings = self.settings
        self.store = self._store or await _connect(settings)
        self._ending.push_async_callback(self.store.close)
        self.cacher = Cacher(self.store)
        self._ending.push_async_callback(self.cacher.close)
        await self.cacher.start()
        follow(self.cacher, self.resources, self.rbac, self.graph)
        tasks = Tasks(lambda why: log.error("a background task ended", why=why))
        self._ending.push_async_callback(tasks.close)
        self._assemble()
        await self._bootstrap()
        await self._open()
        tasks.start(upkeep.keep(self.store), name="compaction")
        tasks.start(self._look_after_store(), name="store health")
        tasks.start(self.registry.keep(), name="registry upkeep")
        self._ending.push_async_callback(self._withdraw)

    def _assemble(self) -> None:
        """Build everything between the doors and the store."""
        settings, accounts = self.settings, self.settings.service_account
        signing_key = read_pem(accounts.signing_key_file)
        verifier = Verifier(accounts.issuer, [signing_key, *(read_pem(file) for file in accounts.public_key_files)])
        audiences = tuple(dict.fromkeys([accounts.issuer, *accounts.audiences]))
        self.accounts = Accounts(verifier, audiences, self.uid_of, self.cacher.fresh)
        nodes = NodeAuthorizer(self.graph, node_rules())
        self.authorizer = Union([nodes, self.rbac])
        self.registry = Registry(
            self.store,
            self.cacher,
            self.resources,
            config=settings.registry(settings.https.port),
            signer=Signer(accounts.issuer, signing_key),
            virtual=Reviews(self.authorizer, self.rbac, self.accounts).handlers(),
        )
        openapi = OpenApi(self.resources)
        told = documents.Parts(self.resources, openapi, self.health, self._address, verifier)
        self.health.ready |= {
            "etcd": lambda: self._store_fails,
            "informer-sync": lambda: "" if self.cacher.revision else "the watch cache is not filled yet",
            "poststarthook/bootstrap": lambda: "" if self._bootstrapped else "not finished",
        }
        parts = Parts(Authenticator(self.accounts), self.authorizer)
        metrics.REGISTRY.register(parts.record)
        self._ending.callback(metrics.REGISTRY.unregister, parts.record)
        guarded = Guard(self.rbac, self.authorizer).before(self.registry.handle)
        endpoint = dispatch(guarded, documents.Documents(told).handle, self._tunnel())
        self.handler = build(endpoint, parts)

    def _tunnel(self) -> Handler:
        kubelet = self.settings.kubelet
        if kubelet is None:
            return _no_tunnel
        kubelets = Kubelets(Credentials.read(kubelet.ca_file, kubelet.cert_file, kubelet.key_file))
        self._ending.push_async_callback(kubelets.close)
        self.cacher.subscribe(
            self._row("nodes"), lambda old, new: kubelets.forget(old.name) if old and not new else None
        )
        return Tunnel(self._find, kubelets).handle

    async def _bootstrap(self) -> None:
        """Make what every cluster has; the roles, which do not need one another, all at once."""
        await self.registry.begin(())
        bootstrap = Bootstrap(self.registry.handle, self.resources)
        await asyncio.gather(*(bootstrap.ensure([role]) for role in objects()))
        self._bootstrapped = True

    async def _open(self) -> None:
        """Open both doors; of several addresses the first gets the port, the others the same one."""
        settings, tls = self.settings, self.settings.tls
        context = server_context(tls.cert_file, tls.key_file, tls.client_ca_file)
        rest = rest_door.Door(self.handler, self.resources)
        files = grpc_door.Files(tls.cert_file, tls.key_file, tls.client_ca_file)
        door = grpc_door.Door(self.handler, self.resources, files)
        self._ending.push_async_callback(self._shut, rest, door)
        self.ports.https = settings.https.port
        for address in settings.https.addresses:
            self.ports.https = await rest.listen(address, self.ports.https, context)
        self.ports.grpc = settings.grpc.port
        for address in settings.grpc.addresses:
            self.ports.grpc = door.listen(address, self.ports.grpc)
        await door.start()

    async def _withdraw(self) -> None:
        """Tell the others that this server is going; a store that is away keeps nobody from stopping."""
        try:
            async with asyncio.timeout(self.settings.shutdown_grace):
                await self.registry.end()
        except (ApiError, StorageError, TimeoutError) as error:
            log.warning("this server stays among the endpoints of the API", why=error)

    async def _shut(self, rest: rest_door.Door, door: grpc_door.Door) -> None:
        """Take nobody new, end the watches, let what is under way finish, within the grace period."""
        grace = self.settings.shutdown_grace
        rest.stop()
        stopping = asyncio.ensure_future(door.close(grace))
        await self.cacher.close()
        await asyncio.gather(stopping, rest.close(grace))

    async def _look_after_store(self) -> None:
        """Ask the store now and then whether it is there, for /readyz."""
        while True:
            try:
                async with asyncio.timeout(WATCHED):
                    await self.store.revision()
                self._store_fails = ""
            except (StorageError, TimeoutError) as error:
                self._store_fails = f"the store does not answer: {error}"
            await clock.sleep(WATCHED)

    def _address(self) -> str:
        settings = self.settings
        host = settings.advertise_address or settings.https.addresses[0]
        return f"{f'[{host}]' if ':' in host else host}:{settings.advertise_port or self.ports.https}"

    def _row(self, plural: str) -> Resource:
        row = self.resources.find("", "v1", plural)
        assert row is not None, f"{plural} are built in"
        return row

    def uid_of(self, plural: str, namespace: str, name: str) -> str:
        """The uid of a core object as far as the cache has come, "" when there is none."""
        found = self.cacher.peek(self._row(plural), namespace, name)
        return found.field("metadata.uid") if found is not None else ""

    async def _find(self, plural: str, namespace: str, name: str) -> Mapping[str, Any] | None:
        found = await self.cacher.get(self._row(plural), namespace, name)
        return found.object() if found is not None else None


async def _connect(settings: Settings) -> Store:
    etcd = settings.etcd
    if isinstance(etcd, str):
        return MemoryStore()
    return await EtcdStore.connect(etcd.endpoints, etcd.ca_file, etcd.cert_file, etcd.key_file)


async def _not_started(request: Request) -> Response:
    raise ApiError("ServiceUnavailable", "the API server has not started yet", retry_after=1)


async def _no_tunnel(request: Request) -> Response:
    raise ApiError("ServiceUnavailable", "this API server was told no credentials for node agents (`kubelet`)")
