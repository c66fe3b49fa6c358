"""A registry on a store in memory, with short ways to ask it."""

from contextlib import asynccontextmanager

import orjson

from pyk8s.api.errors import ApiError
from pyk8s.api.resources import Resources
from pyk8s.apiserver.cacher.cacher import Cacher
from pyk8s.apiserver.registry.bootstrap import Bootstrap
from pyk8s.apiserver.registry.config import Config
from pyk8s.apiserver.registry.registry import Registry
from pyk8s.apiserver.request import Options, Request, User
from pyk8s.client.interface import PatchType
from pyk8s.storage.memory import MemoryStore

RESOURCES = Resources.builtin()
ADMIN = User("kubernetes-admin", ("system:masters", "system:authenticated"))


def row(plural):
    """The resource of "pods", "deployments.apps", "leases.coordination.k8s.io"."""
    return RESOURCES.resolve(plural)


class Running:
    """The registry `real`, asked in the name of `user`; answers are decoded, and the last raw one is `answer`."""

    def __init__(self, real, store, cacher, user=ADMIN):
        self.real, self.store, self.cacher, self.user = real, store, cacher, user
        self.resources = RESOURCES
        self.handle = real.handle
        self.answer = None
        self.warnings = []

    def by(self, user):
        """The same registry in another's name."""
        return Running(self.real, self.store, self.cacher, user)

    async def ask(self, verb, plural, namespace="", name="", sub="", body=None, **options):
        made = Request(
            verb=verb,
            resource=row(plural),
            namespace=namespace,
            name=name,
            subresource=sub,
            body=body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body),
            options=Options(**options),
            user=self.user,
        )
        self.warnings = made.warnings
        self.answer = await self.handle(made)
        return orjson.loads(self.answer.body) if hasattr(self.answer, "body") else self.answer

    async def create(self, plural, namespace="", obj=None, *, name="", sub="", at="", **options):
        """Store `obj`, or an object that has nothing but a name."""
        obj = {"metadata": {"name": name}} if obj is None else obj
        return await self.ask("create", plural, namespace, at, sub, obj, **options)

    async def get(self, plural, namespace="", name="", sub="", **options):
        return await self.ask("get", plural, namespace, name, sub, **options)

    async def update(self, plural, namespace, name, obj, sub="", **options):
        return await self.ask("update", plural, namespace, name, sub, obj, **options)

    async def merge(self, plural, namespace, name, patch, sub="", **options):
        return await self.ask("patch", plural, namespace, name, sub, patch, patch_type=PatchType.MERGE, **options)

    async def delete(self, plural, namespace="", name="", body=None, **options):
        return await self.ask("delete", plural, namespace, name, "", body, **options)

    async def list(self, plural, namespace="", **options):
        """The objects of a list, decoded."""
        answer = await self.ask("list", plural, namespace, **options)
        return [orjson.loads(item) for item in answer.items]

    async def names(self, plural, namespace="", **options):
        return [one["metadata"]["name"] for one in await self.list(plural, namespace, **options)]

    async def namespace(self, name):
        """A namespace with its default service account."""
        await self.create("namespaces", name=name)
        await self.create("serviceaccounts", name, name="default")


@asynccontextmanager
async def running_registry(store=None, *, config=None, bootstrap=True, namespaces=(), **more):
    """A registry that has what every cluster has, and these namespaces with their service accounts.

    A `store` that is handed in stays open.
    """
    ends, store = store is None, store or MemoryStore()
    cacher = Cacher(store)
    await cacher.start()
    try:
        real = Registry(store, cacher, RESOURCES, config=config or Config(account_wait=0.0), **more)
        if bootstrap:
            await Bootstrap(real.handle, RESOURCES).run(real.config, [])
        made = Running(real, store, cacher)
        for name in namespaces:
            if name == "default":
                await made.create("serviceaccounts", name, name="default")
            else:
                await made.namespace(name)
        yield made
    finally:
        await cacher.close()
        if ends:
            await store.close()


async def refused(asking):
    """The ApiError that `asking` raises."""
    try:
        await asking
    except ApiError as error:
        return error
    raise AssertionError("nothing was refused")


def pod(name="web", *, image="nginx:1", **spec):
    """A pod of one container."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "main", "image": image}], **spec},
    }
