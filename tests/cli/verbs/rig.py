"""Verbs on an API in memory: `Rig.run(command, words)` is one run of the command."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace

import orjson
from click.testing import CliRunner

from pyk8s.cli.session import Session
from pyk8s.client.fake import FakeClient
from pyk8s.client.fake_api import FakeApi


@dataclass(frozen=True)
class RigSession(Session):
    """A session whose client is the fake one."""

    api: FakeApi = field(default_factory=FakeApi)

    @cached_property
    def connection(self):
        """A context without a namespace of its own."""
        return SimpleNamespace(namespace="", token="")

    @contextlib.asynccontextmanager
    async def client(self):
        """The fake client."""
        yield FakeClient(self.api)


class Rig:
    """An API in memory and runs of verbs against it."""

    def __init__(self):
        self.session = RigSession()

    def run(self, command, *words, input=None):
        """The result of `command WORDS`: `.output`, `.stdout`, `.stderr`, `.exit_code`, `.exception`."""
        return CliRunner().invoke(command, list(words), obj=self.session, input=input)

    def said(self, command, *words, input=None):
        """Standard output of a run that must succeed."""
        result = self.run(command, *words, input=input)
        if result.exception and not (isinstance(result.exception, SystemExit) and result.exit_code == 0):
            raise AssertionError(f"{words}: {result.exception!r}\n{result.output}") from result.exception
        return result.stdout

    def create(self, ref, value):
        """Put an object into the API."""
        return orjson.loads(asyncio.run(self._do(lambda client: client.create(ref, orjson.dumps(value)))))

    def get(self, ref):
        """Read an object of the API."""
        return orjson.loads(asyncio.run(self._do(lambda client: client.get(ref))))

    def names(self, ref):
        """The names in a collection."""
        listing = asyncio.run(self._do(lambda client: client.list(ref)))
        return sorted(orjson.loads(body)["metadata"]["name"] for body in listing.items)

    def patch(self, ref, value):
        """Change an object (or subresource) of the API."""
        return orjson.loads(asyncio.run(self._do(lambda client: client.patch(ref, orjson.dumps(value)))))

    async def _do(self, work):
        return await work(FakeClient(self.session.api))


def pod(name, *, labels=None, node="", phase="Running", owner=None, volumes=(), **spec):
    """A pod as it stands in the API."""
    metadata = {"name": name, "labels": labels or {}}
    if owner:
        metadata["ownerReferences"] = [{"kind": owner, "name": "o", "uid": "u", "controller": True, "apiVersion": "v1"}]
    body = {"containers": [{"name": "main", "image": "x:1"}], "volumes": list(volumes), **spec}
    if node:
        body["nodeName"] = node
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": body, "status": {"phase": phase}}


def deployment(name, replicas=2, image="shop:1"):
    """A deployment as it stands in the API."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": image}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
    }
