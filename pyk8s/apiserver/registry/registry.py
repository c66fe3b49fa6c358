"""The registry: a request in, an answer out, for every resource and verb."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from pyk8s.api.defaults import apply_defaults
from pyk8s.api.errors import ApiError, bad_request
from pyk8s.api.objectmeta import Object
from pyk8s.api.refs import PODS, SERVICES, Ref
from pyk8s.api.resources import Resource, Resources
from pyk8s.api.validation.rules import judge
from pyk8s.api.validation.structural import Structure
from pyk8s.apiserver.admission.lookup import Lookup
from pyk8s.apiserver.admission.order import ORDER
from pyk8s.apiserver.admission.review import Admission, Cluster, Plugin
from pyk8s.apiserver.cacher.cacher import Cacher
from pyk8s.apiserver.registry.allocation import ServiceClaims
from pyk8s.apiserver.registry.allocation.repair import keep_repaired
from pyk8s.apiserver.registry.allocation.services import ADDRESSES
from pyk8s.apiserver.registry.bootstrap import Bootstrap
from pyk8s.apiserver.registry.collection import Collections
from pyk8s.apiserver.registry.config import Config
from pyk8s.apiserver.registry.conversion import CONVERSIONS
from pyk8s.apiserver.registry.converted import Converted
from pyk8s.apiserver.registry.endpoint import Advertiser
from pyk8s.apiserver.registry.objects import decode_any
from pyk8s.apiserver.registry.reader import Reader
from pyk8s.apiserver.registry.records import Records
from pyk8s.apiserver.registry.shaping import Shaper
from pyk8s.apiserver.registry.strategies import strategy_of
from pyk8s.apiserver.registry.subresources.binding import Bindings
from pyk8s.apiserver.registry.subresources.eviction import Evictions
from pyk8s.apiserver.registry.subresources.scale import Scales
from pyk8s.apiserver.registry.subresources.token import Tokens
from pyk8s.apiserver.registry.verbs import Verbs
from pyk8s.apiserver.registry.writer import Writer
from pyk8s.apiserver.request import Handler, Request, Response
from pyk8s.storage.interface import Store
from pyk8s.storage.lease import Leases
from pyk8s.wire.tokens import Signer

Act: TypeAlias = Callable[[Request], Awaitable[Response]]


class Registry:
    """Every object behind one method, `handle`. `store` and a started `cacher` on it are the caller's.

    `virtual` answers requests for resources that are never stored, by (group, plural): reviews of access and tokens.
    Without a `signer` no service account tokens are issued.
    """

    def __init__(
        self,
        store: Store,
        cacher: Cacher,
        resources: Resources,
        *,
        config: Config | None = None,
        structure: Structure | None = None,
        signer: Signer | None = None,
        virtual: Mapping[tuple[str, str], Handler] | None = None,
        plugins: Sequence[Plugin] = ORDER,
    ) -> None:
        self.config = config or Config()
        self.resources = resources
        self._virtual = dict(virtual or {})
        self._records = Records(store, cacher, Leases(store))
        self.lookup = Lookup(resources, cacher, self._records.stored)
        self._reader = Reader(cacher)
        self._admission = Admission(plugins, Cluster(self.lookup, self.config, self._rewrite))
        addresses = resources.find(*ADDRESSES)
        assert addresses is not None, "addresses of services are a built-in resource"
        self.services = ServiceClaims(self._records, cacher, addresses, self.config)
        self._writer = Writer(self._records, self._admission, judge, {("", "services"): self.services})
        shaper = Shaper(structure or Structure(), apply_defaults)
        self._verbs = Verbs(self._writer, shaper)
        self._converted = Converted(self._answer, resources, shaper)
        self._acts = self._acts_of(signer)
        self._advertiser = Advertiser(self.handle, self._records, cacher, resources, self.config)

    def _acts_of(self, signer: Signer | None) -> dict[tuple[str, str], Act]:
        """What is done for (verb, subresource); parts of the object itself are done as the object is."""
        scales = Scales(self._reader, self._writer)
        collections = Collections(self._reader, self._writer)
        tokens = Tokens(self._reader, self._admission, self.lookup, signer, self.config.max_token_seconds)
        return {
            ("get", ""): self._reader.get,
            ("list", ""): self._reader.list,
            ("watch", ""): self._reader.watch,
            ("create", ""): self._verbs.create,
            ("update", ""): self._verbs.update,
            ("patch", ""): self._verbs.patch,
            ("delete", ""): self._verbs.delete,
            ("deletecollection", ""): collections.delete,
            ("get", "scale"): scales.get,
            ("update", "scale"): scales.write,
            ("patch", "scale"): scales.write,
            ("create", "binding"): Bindings(self._writer).create,
            ("create", "eviction"): Evictions(self._records, self._writer, self.lookup, self.resources).create,
            ("create", "token"): tokens.create,
        }

    async def _rewrite(self, ref: Ref, namespace: str, name: str, make: Callable[[Object], Object]) -> None:
        resource = self.resources.by_ref(ref)
        assert resource is not None, f"{ref} is a built-in resource"
        await self._records.rewrite(resource, namespace, name, make)

    async def handle(self, request: Request) -> Response:
        """Answer one authorised request. Raises ApiError."""
        resource = request.resource
        if resource is None:
            raise ApiError("NotFound", "the server could not find the requested resource")
        virtual = self._virtual.get((resource.group, resource.plural))
        if virtual is not None:
            return await virtual(request)
        conversion = CONVERSIONS.get((resource.group, resource.version, resource.plural))
        if conversion is not None:
            return await self._converted.handle(request, conversion)
        return await self._answer(request)

    async def _answer(self, request: Request) -> Response:
        resource = request.resource
        assert resource is not None
        if resource.plural == "bindings" and not resource.group and request.verb == "create":
            return await self._bind_by_collection(request)
        act = self._act(resource, request.verb, request.subresource)
        return await act(request)

    async def begin(self, roles: Iterable[Object]) -> None:
        """Make what every cluster has, and these roles and bindings, where they are absent. Raises ApiError."""
        await Bootstrap(self.handle, self.resources).run(self.config, roles)

    async def keep(self) -> None:
        """Look after what outlives a request, for ever: the endpoints of the API itself, addresses of services."""
        work = [keep_repaired(self.services, self._every_service)]
        if self.config.advertised:
            work.append(self._advertiser.keep())
        await asyncio.gather(*work)

    async def end(self) -> None:
        """Take this server out of the endpoints of the API. Raises ApiError (ServiceUnavailable)."""
        if self.config.advertised:
            await self._advertiser.withdraw()

    async def _every_service(self) -> Sequence[Object]:
        await self.lookup.fresh()
        return self.lookup.every(SERVICES)

    def _act(self, resource: Resource, verb: str, subresource: str) -> Act:
        """What is done for a verb on a resource or subresource. Raises ApiError: NotFound, MethodNotAllowed."""
        verbs = resource.verbs
        if subresource:
            below = resource.subresource(subresource)
            if below is None:
                raise ApiError("NotFound", "the server could not find the requested resource")
            verbs = below.verbs
        act = self._acts.get((verb, subresource))
        if act is None and subresource in strategy_of(resource).parts:
            act = self._acts.get((verb, ""))
        if act is None or verb not in verbs:
            raise ApiError("MethodNotAllowed", "the server does not allow this method on the requested resource")
        return act

    async def _bind_by_collection(self, request: Request) -> Response:
        """The old way to bind: a Binding posted to the collection `bindings`, named like its pod."""
        name = (decode_any(request.body).get("metadata") or {}).get("name", "")
        if not name:
            raise bad_request("name is required: a Binding is named like its pod")
        pods = self.resources.by_ref(PODS)
        return await self._acts["create", "binding"](replace(request, resource=pods, name=name, subresource="binding"))
