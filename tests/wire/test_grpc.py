"""Channel, server and codec together, over a real loopback connection."""

import grpc
import pytest

from pyk8s.api.errors import ApiError, Cause, invalid
from pyk8s.api.refs import Ref
from pyk8s.gen.pyk8s.v1 import objects_pb2 as pb
from pyk8s.gen.pyk8s.v1 import objects_pb2_grpc as rpc
from pyk8s.wire.channel import connect, open_channel
from pyk8s.wire.codec import api_error, plain, ref_message, refusal
from pyk8s.wire.errors import KubeconfigInvalid, WireError
from pyk8s.wire.kubeconfig import Connection
from pyk8s.wire.pki import Authority
from pyk8s.wire.server import listen, make_server
from tests.wire.clients import peer_identity


class Objects(rpc.ObjectsServicer):
    async def Get(self, request, context):
        if request.ref.name == "bad":
            code, text, trailing = refusal(invalid("apps", "Deployment", "bad", [Cause("X", "no", "spec.replicas")]))
            context.set_trailing_metadata(trailing)
            await context.abort(code, text)
        return pb.ObjectReply(object=peer_identity(context).name.encode())


@pytest.fixture
def authority():
    return Authority.create("demo")


@pytest.fixture
async def address(authority, tmp_path):
    authority.pair.write(tmp_path, "ca")
    cert, key = authority.issue("api", sans=["127.0.0.1"], server=True).write(tmp_path, "api")
    server = make_server()
    rpc.add_ObjectsServicer_to_server(Objects(), server)
    port = listen(server, "127.0.0.1:0", cert_file=cert, key_file=key, client_ca_file=tmp_path / "ca.crt")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


async def ask(address, authority, client, name="x"):
    connection = Connection("https://h", address, authority.certificate, client.certificate, client.key)
    async with connect(connection) as channel:
        try:
            return await rpc.ObjectsStub(channel).Get(pb.GetRequest(ref=pb.Ref(name=name)), timeout=5)
        except grpc.aio.AioRpcError as error:
            raise api_error(error) from error


async def test_the_server_knows_its_peer(address, authority):
    reply = await ask(address, authority, authority.issue("alice"))
    assert reply.object == b"alice"


async def test_a_refusal_crosses_the_wire_whole(address, authority):
    with pytest.raises(ApiError) as caught:
        await ask(address, authority, authority.issue("alice"), name="bad")
    assert caught.value.code == 422
    assert caught.value.causes == (Cause("X", "no", "spec.replicas"),)


async def test_a_client_of_another_authority_gets_no_answer(address, authority):
    with pytest.raises(ApiError) as caught:
        await ask(address, authority, Authority.create("other").issue("mallory"))
    assert caught.value.reason == "ServiceUnavailable"


async def test_a_taken_port_is_said(address, authority, tmp_path):
    cert, key = tmp_path / "api.crt", tmp_path / "api.key"
    with pytest.raises(WireError, match="in use"):
        listen(make_server(), address, cert_file=cert, key_file=key, client_ca_file=tmp_path / "ca.crt")


def test_a_kubeconfig_without_a_grpc_address_is_said():
    with pytest.raises(KubeconfigInvalid, match="no gRPC address"):
        connect(Connection("https://h", context="demo"))


async def test_a_server_name_is_what_the_certificate_must_carry(address, authority):
    client = authority.issue("alice")
    channel = open_channel(
        address, ca=authority.certificate, cert=client.certificate, key=client.key, server_name="elsewhere"
    )
    async with channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await rpc.ObjectsStub(channel).Get(pb.GetRequest(), timeout=5)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_a_reference_travels_whole():
    message = ref_message(Ref("apps", "v1", "deployments", "shop", "web", "scale"))
    assert [value for _, value in message.ListFields()] == ["apps", "v1", "deployments", "shop", "web", "scale"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (grpc.StatusCode.DEADLINE_EXCEEDED, "Timeout"),
        (grpc.StatusCode.UNAVAILABLE, "ServiceUnavailable"),
        (grpc.StatusCode.UNAUTHENTICATED, "Unauthorized"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "RequestEntityTooLarge"),
    ],
)
def test_a_failure_without_a_status_is_translated(code, reason):
    error = grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), "why")
    assert api_error(error).reason == reason


LAST = "failed to connect to all addresses; last error: UNKNOWN: "
HOST = "Failed to connect to remote host: "


@pytest.mark.parametrize(
    ("details", "said"),
    [
        (f"{LAST}ipv4:10.0.0.5:1: {HOST}connect: Connection refused (111)", "10.0.0.5:1: Connection refused (111)"),
        (f"ipv4:10.0.0.5:1: {HOST}getsockopt(SO_ERROR): No route to host", "10.0.0.5:1: No route to host"),
        (f"ipv6:%5Bfd00::1%5D:1: {HOST}Connection refused", "[fd00::1]:1: Connection refused"),
        ("Cancelling all calls", "the connection was closed"),
        ("Socket closed", "the connection was closed"),
        ("no such method: 100%", "no such method: 100%"),
    ],
)
def test_what_grpc_says_is_told_in_plain_words(details, said):
    assert plain(details) == said
