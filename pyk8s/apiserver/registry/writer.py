"""Writes: create, change, remove. The order is the same for every kind: mutate, prepare, judge, claim, admit, store."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError, Cause, already_exists, bad_request, conflict, not_found
from pyk8s.api.objectmeta import Object, generate_name, timestamp
from pyk8s.api.resources import Resource
from pyk8s.api.validation.causes import invalid as invalid_value
from pyk8s.apiserver.admission.review import Admission, Review
from pyk8s.apiserver.cacher.splice import with_version
from pyk8s.apiserver.registry import metadata as meta
from pyk8s.apiserver.registry.claims import Claim, Claimant
from pyk8s.apiserver.registry.deletion import Keep, Mark, check_preconditions, is_finished, plan_delete
from pyk8s.apiserver.registry.objects import Held, encode, without
from pyk8s.apiserver.registry.records import MODIFIED, Records, Stale, same
from pyk8s.apiserver.registry.shaping import name_in, refuse
from pyk8s.apiserver.registry.strategies import strategy_of
from pyk8s.apiserver.registry.strategies.strategy import Strategy
from pyk8s.apiserver.request import Options, Request

NAMES_TRIED = 8
"""How many generated names are tried before a create gives up. Source: KEP-4420."""

Validator = Callable[[Resource, Object, Object | None], list[Cause]]
"""(resource, new, old) -> what is wrong beyond the schema."""

Make = Callable[[Object | None], tuple[Object, list[Cause]]]
"""The object as it is now (None: there is none) -> the object that is wanted, shaped, and the fields it lacks."""

Claimants = Mapping[tuple[str, str], Claimant]
"""By (group, plural)."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a write left: the object as it is answered, whether it is gone, whether it is new."""

    body: bytes
    gone: bool = False
    new: bool = False
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Write:
    """One write under way: the request and what its kind says."""

    request: Request
    resource: Resource
    strategy: Strategy
    claimant: Claimant | None
    options: Options

    def not_found(self) -> ApiError:
        """404 for the object of this write."""
        return not_found(self.resource.group, self.resource.plural, self.request.name)


class Writer:
    """Writes objects of every kind, as admission lets it."""

    def __init__(self, records: Records, admission: Admission, validate: Validator, claimants: Claimants) -> None:
        self._records = records
        self._admission = admission
        self._validate = validate
        self._claimants = claimants

    def _begin(self, request: Request, options: Options | None = None) -> Write:
        resource = request.resource
        assert resource is not None
        claimant = None if request.subresource else self._claimants.get((resource.group, resource.plural))
        return Write(request, resource, strategy_of(resource), claimant, options or request.options)

    def _wrong(self, write: Write, new: Object, old: Object | None) -> list[Cause]:
        found = [] if old is not None else meta.check(new, write.resource, write.strategy.names)
        return found + self._validate(write.resource, new, old) + write.strategy.validate(new, old)

    # Create.

    async def create(self, request: Request, obj: Object, lacks: list[Cause]) -> Written:
        """Store a new object; `lacks` are fields its schema misses. Raises ApiError: Invalid, AlreadyExists, …"""
        write = self._begin(request)
        metadata = obj["metadata"]
        if metadata.get("resourceVersion"):
            raise bad_request("resourceVersion should not be set on objects to be created")
        base = "" if metadata.get("name") else metadata.get("generateName", "")
        if base:
            obj = with_name(obj, generate_name(base))
        if lacks:
            refuse(write.resource, obj, lacks + self._wrong(write, obj, None))
        review = Review(request, write.resource, "create")
        try:
            return await self._create_admitted(write, await self._admission.mutate(obj, review), base, review)
        finally:
            end(review)

    async def _create_admitted(self, write: Write, obj: Object, base: str, review: Review) -> Written:
        for _ in range(NAMES_TRIED - 1 if base else 0):
            try:
                return await self._create(write, obj, review)
            except ApiError as error:
                if error.reason != "AlreadyExists":
                    raise
            obj = with_name(obj, generate_name(base))
        return await self._create(write, obj, review)

    async def _create(self, write: Write, obj: Object, review: Review) -> Written:
        request, strategy, name = write.request, write.strategy, name_in(obj)
        now = timestamp(clock.now())
        new = meta.for_create(
            obj, name=name, namespace=request.namespace, uid=str(uuid.uuid4()), now=now, counted=strategy.counted
        )
        if "status" in new and "status" in strategy.parts and not strategy.status_at_create:
            del new["status"]
        new = strategy.prepare_for_create(new, now)
        refuse(write.resource, new, self._wrong(write, new, None))
        warn(write, new)
        claim = await self._claim(write, new, None)
        try:
            await self._admission.validate(claim.obj, review)
            body = encode(claim.obj)
            if write.options.dry_run:
                if await self._records.stored(write.resource, request.namespace, name):
                    raise already_exists(write.resource.group, write.resource.plural, name)
                return Written(body, new=True)
            revision = await self._records.add(write.resource, request.namespace, name, body, strategy.lifetime)
        except (ApiError, Stale) as error:
            await give_up(claim, error)
            raise
        await self._written(write, revision)
        return Written(with_version(body, revision), new=True)

    async def _claim(self, write: Write, new: Object, old: Object | None) -> Claim:
        if write.claimant is None:
            return Claim(new)
        return await write.claimant.claim(new, old, write.options.dry_run)

    # Change.

    async def change(self, request: Request, make: Make, *, create: bool = True) -> Written:
        """Store what `make` makes of the object, trying again while others change it in between.

        With `create` an object that is not there is made, if its kind allows that.
        Raises ApiError: NotFound, Conflict, Invalid, Forbidden, …
        """
        write = self._begin(request)

        async def act(current: Held, live: bool) -> Written:
            return await self._change(write, current, live, make)

        async def missing() -> Written:
            if not create:
                raise write.not_found()
            return await self._missing(write, make)

        return await self._records.attempt(write.resource, request.namespace, request.name, act, missing)

    async def _missing(self, write: Write, make: Make) -> Written:
        if not write.strategy.create_on_update or write.request.subresource:
            raise write.not_found()
        obj, lacks = make(None)
        if obj["metadata"].get("resourceVersion") or obj["metadata"].get("uid"):
            raise write.not_found()
        return await self.create(write.request, obj, lacks)

    async def _change(self, write: Write, current: Held, live: bool, make: Make) -> Written:
        old, strategy = current.obj, write.strategy
        sent, lacks = make(old)
        check_identity(write, sent, current)
        part = strategy.parts.get(write.request.subresource)
        if part:
            sent = part.merge(sent, old)
        elif "status" in strategy.parts:
            sent = without(sent, "status") | ({"status": old["status"]} if "status" in old else {})
        causes = [*lacks, *meta.check_update(sent, old)]
        review = Review(write.request, write.resource, "update", old)
        new = meta.for_update(sent, old)
        if not lacks:
            new = await self._admission.mutate(new, review)
        if part:
            new = meta.count(new, old) if part.counted else new
            causes += part.validate(new, old)
        else:
            new = meta.count(strategy.prepare_for_update(new, old), old)
            causes += self._wrong(write, new, old)
            warn(write, new)
        refuse(write.resource, new, causes)
        claim = await self._claim(write, new, old)
        try:
            await self._admission.validate(claim.obj, review)
            written = await self._replace(write, current, claim.obj, live)
        except (ApiError, Stale) as error:
            await give_up(claim, error)
            raise
        finally:
            end(review)
        if not write.options.dry_run:
            await claim.settle()
        return written

    async def _replace(self, write: Write, current: Held, new: Object, live: bool) -> Written:
        resource, request = write.resource, write.request
        body = encode(new)
        if write.options.dry_run:
            return Written(with_version(body, current.revision))
        if is_finished(new) and not write.strategy.holds(new):
            revision = await self._remove(write, current, new)
            return Written(with_version(body, revision), gone=True, uid=new["metadata"].get("uid", ""))
        if same(new, current.obj):
            if not live:
                newest = await self._records.stored(resource, request.namespace, request.name)
                if newest is None or newest.revision != current.revision:
                    raise Stale(newest)
            return Written(with_version(body, current.revision))
        revision = await self._records.replace(
            resource, request.namespace, request.name, body, current.revision, write.strategy.lifetime
        )
        await self._written(write, revision)
        return Written(with_version(body, revision))

    async def _written(self, write: Write, revision: int) -> None:
        if write.strategy.awaited:
            await self._records.seen(revision)

    # Remove.

    async def delete(self, request: Request, options: Options) -> Written:
        """Take the object away, or mark it as being deleted. Raises ApiError: NotFound, Conflict, Forbidden."""
        write = self._begin(replace(request, options=options))

        async def act(current: Held, live: bool) -> Written:
            return await self._delete(write, current, live)

        async def missing() -> Written:
            raise write.not_found()

        return await self._records.attempt(write.resource, request.namespace, request.name, act, missing)

    async def _delete(self, write: Write, current: Held, live: bool) -> Written:
        obj, options, strategy = current.obj, write.options, write.strategy
        check_preconditions(write.resource, obj, current.revision, options)
        await self._admission.validate(obj, Review(write.request, write.resource, "delete", obj))
        step = plan_delete(obj, options, clock.now(), grace=strategy.grace, holds=strategy.holds(obj))
        if isinstance(step, Mark):
            return await self._replace(write, current, strategy.mark(step.obj), live)
        body, uid = encode(obj), obj["metadata"].get("uid", "")
        if isinstance(step, Keep):
            if not live:
                raise Stale(await self._records.stored(write.resource, write.request.namespace, write.request.name))
            return Written(with_version(body, current.revision))
        if options.dry_run:
            return Written(with_version(body, current.revision), gone=True, uid=uid)
        return Written(with_version(body, await self._remove(write, current, obj)), gone=True, uid=uid)

    async def _remove(self, write: Write, current: Held, obj: Object) -> int:
        namespace, name = write.request.namespace, write.request.name
        revision = await self._records.remove(write.resource, namespace, name, current.revision)
        claimant = self._claimants.get((write.resource.group, write.resource.plural))
        if claimant:
            await claimant.release(obj)
        return revision


async def give_up(claim: Claim, error: ApiError | Stale) -> None:
    """Give back what was taken for a write that failed. What nobody knows the outcome of, or what was cancelled on its
    way, may be stored all the same: it keeps what it took until a repair finds out."""
    if not (isinstance(error, ApiError) and error.reason == "ServerTimeout"):
        await claim.undo()


def warn(write: Write, new: Object) -> None:
    """Warn of what the kind finds strange; once, however often the write is tried."""
    warnings = write.request.warnings
    warnings.extend(one for one in write.strategy.warn(new) if one not in warnings)


def end(review: Review) -> None:
    """Tell those who wait for it that the write has ended."""
    for tell in review.afterwards:
        tell()


def with_name(obj: Object, name: str) -> Object:
    """`obj` under another name."""
    return {**obj, "metadata": {**obj["metadata"], "name": name}}


def check_identity(write: Write, sent: Object, current: Held) -> None:
    """Raise ApiError (Conflict, Invalid) unless `sent` means the object that is there, in the version that is there."""
    resource, name = write.resource, write.request.name
    metadata, held = sent["metadata"], current.metadata
    if metadata.get("uid") and metadata["uid"] != held.get("uid"):
        why = f"Precondition failed: UID in precondition: {metadata['uid']}, UID in object meta: {held.get('uid')}"
        raise conflict(resource.group, resource.plural, name, why)
    version = metadata.get("resourceVersion")
    if version and version != str(current.revision):
        raise conflict(resource.group, resource.plural, name, MODIFIED)
    if not version and not write.strategy.blind_update and write.request.verb == "update":
        cause = invalid_value("metadata.resourceVersion", 0, "must be specified for an update")
        refuse(resource, with_name(sent, name), [cause])
