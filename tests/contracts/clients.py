"""The clients that the contract of `client.interface.Client` is judged on."""

from contextlib import asynccontextmanager

from pyk8s.apiserver.local import LocalClient
from pyk8s.client.fake import FakeClient
from pyk8s.client.grpc import GrpcClient
from tests.apiserver.registry.running import running_registry
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


CLIENTS = [fake_client, grpc_client, local_client]
