"""The streams service over mutual TLS: who may call, and how refusals travel."""

import contextlib

import grpc
import pytest

from pyk8s.aio.inotify import FileEvents
from pyk8s.api.errors import ApiError
from pyk8s.client import streams as client
from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb
from pyk8s.gen.pyk8s.v1 import streams_pb2_grpc
from pyk8s.kubelet.memory import Memory
from pyk8s.kubelet.server.service import Streams
from pyk8s.wire.channel import open_channel
from pyk8s.wire.pki import Authority
from pyk8s.wire.server import listen, make_server
from tests.kubelet.values import POD, SANDBOX, exited, running

API_SERVER = "kube-apiserver-kubelet-client"


class Worker:
    """A pod with one container whose log is a file."""

    def __init__(self, *containers):
        self.memory = Memory("uid-1", POD, containers={one.id: one for one in containers})
        self.memory.sandboxes = {"s0": SANDBOX}

    def view(self):
        return self.memory.view(frozenset(), lambda container_id: None)

    @contextlib.contextmanager
    def listen(self, event):
        yield


class Pods:
    def __init__(self, worker=None):
        self.worker = worker

    def find(self, namespace, name, uid=""):
        return self.worker


@contextlib.asynccontextmanager
async def door(folder, worker=None, *, caller=API_SERVER, authority=None):
    """The service, and a client that shows a certificate for `caller`."""
    ours = Authority.create("ours")
    cert, key = ours.issue("system:node:n", sans=["127.0.0.1"], server=True).write(folder, "node")
    (folder / "ca.crt").write_bytes(ours.certificate)
    server = make_server()
    service = Streams(Pods(worker), None, None, FileEvents(), folder, frozenset({API_SERVER}))
    streams_pb2_grpc.add_StreamsServicer_to_server(service, server)
    port = listen(server, "127.0.0.1:0", cert_file=cert, key_file=key, client_ca_file=folder / "ca.crt")
    await server.start()
    pair = (authority or ours).issue(caller)
    channel = open_channel(f"127.0.0.1:{port}", ca=ours.certificate, cert=pair.certificate, key=pair.key)
    try:
        yield client.Streams(channel)
    finally:
        await channel.close()
        await server.stop(0)


WEB = client.Container("default", "p")


async def read(streams, **options):
    return b"".join([chunk async for chunk in streams.logs(WEB, client.LogOptions(**options))])


async def test_the_api_server_reads_a_log(tmp_path):
    log = tmp_path / "0.log"
    log.write_bytes(b"1970-01-01T00:00:01Z stdout F hello\n")
    async with door(tmp_path, Worker(exited(log_path=str(log)))) as streams:
        assert await read(streams) == b"hello\n"
        assert await read(streams, timestamps=True) == b"1970-01-01T00:00:01Z hello\n"
        assert await read(streams, since_time="1970-01-01T00:00:02Z") == b""


async def test_a_log_that_is_gone_is_an_error_in_words(tmp_path):
    async with door(tmp_path, Worker(exited(log_path=str(tmp_path / "none")))) as streams:
        with pytest.raises(ApiError, match="the log of default/p cannot be read"):
            await read(streams)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"since_time": "yesterday"}, "is no time: it must be as 2026"), ({"previous": True}, "previous terminated")],
)
async def test_a_request_that_makes_no_sense_is_refused(tmp_path, options, words):
    async with door(tmp_path, Worker(running(log_path="/none"))) as streams:
        with pytest.raises(ApiError, match=words) as caught:
            await read(streams, **options)
        assert caught.value.code == 400


async def test_a_pod_of_elsewhere_is_not_found(tmp_path):
    async with door(tmp_path) as streams:
        with pytest.raises(ApiError) as caught:
            await read(streams)
        assert caught.value.reason == "NotFound"


async def denied(streams):
    stub = streams._stub
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for _ in stub.Logs(pb.LogsRequest()):
            pass
    return caught.value


async def test_nobody_else_of_the_cluster_may_call(tmp_path):
    async with door(tmp_path, caller="system:node:other") as streams:
        why = await denied(streams)
    assert why.code() is grpc.StatusCode.PERMISSION_DENIED
    assert "system:node:other may not call a node" in why.details()


async def test_a_certificate_of_another_authority_is_not_let_in(tmp_path):
    async with door(tmp_path, authority=Authority.create("theirs")) as streams:
        assert (await denied(streams)).code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("method", ["Exec", "Attach"])
async def test_a_stream_begins_by_saying_what_it_is_for(tmp_path, method):
    async with door(tmp_path, Worker(running())) as streams:
        call = getattr(streams._stub, method)(iter([pb.StreamFrame(stdin=b"x")]))
        with pytest.raises(grpc.aio.AioRpcError, match="the first frame must say which pod"):
            async for _ in call:
                pass


async def test_a_program_must_be_named(tmp_path):
    async with door(tmp_path, Worker(running())) as streams:
        with pytest.raises(ApiError, match="at least one command"):
            async with streams.exec(WEB, []) as session:
                [data async for _, data in session.output()]


async def test_a_port_of_a_pod_without_a_sandbox_cannot_be_reached(tmp_path):
    worker = Worker()
    worker.memory.sandboxes = {}
    async with door(tmp_path, worker) as streams:
        with pytest.raises(ApiError, match="pod p is not running"):
            async with streams.port_forward(WEB, 80) as tunnel:
                [data async for data in tunnel.received()]
