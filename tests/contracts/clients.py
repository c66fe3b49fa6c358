"""The clients that the contract of `client.interface.Client` is judged on."""

from contextlib import asynccontextmanager

import orjson

from pyk8s.api.refs import SERVICE_ACCOUNTS
from pyk8s.apiserver.local import LocalClient
from pyk8s.client.fake import FakeClient
from pyk8s.client.grpc import GrpcClient
from tests.apiserver.registry.running import running_registry
from tests.apiserver.served import served
from tests.client.door import Door, opened


@asynccontextmanager
async def fake_client(folder):
    yield FakeClient()


@asynccontextmanager
async def grpc_client(folder):
    async with opened(Door(FakeClient()), folder) as connection:
        client = GrpcClient.connect(connection)
        try:
            yield client
        finally:
            await client.close()


@asynccontextmanager
async def local_client(folder):
    async with running_registry() as registry:
        await registry.create("serviceaccounts", "default", name="default")
        yield LocalClient(registry.handle, registry.user, registry.resources)


@asynccontextmanager
async def served_client(folder):
    """Over gRPC to a whole API server: what our own programs have."""
    async with served(folder) as site:
        client = GrpcClient.connect(site.pki.connection(site.server, "admin", ["system:masters"]))
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
        await client.create(SERVICE_ACCOUNTS.within("default"), orjson.dumps(account))
        try:
            yield client
        finally:
            await client.close()


CLIENTS = [fake_client, grpc_client, local_client, served_client]
