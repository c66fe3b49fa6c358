"""The clients that the contract of `client.interface.Client` is judged on."""

from contextlib import asynccontextmanager

from pyk8s.client.fake import FakeClient
from pyk8s.client.grpc import GrpcClient
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


CLIENTS = [fake_client, grpc_client]
