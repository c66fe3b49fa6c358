"""A node agent's `Streams` service without a node: programs run as plain processes, a port answers in capitals."""

import asyncio
from contextlib import asynccontextmanager

import orjson

from pyk8s.api.errors import ApiError, bad_request
from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb
from pyk8s.gen.pyk8s.v1 import streams_pb2_grpc as rpc
from pyk8s.wire.codec import refusal
from pyk8s.wire.pki import Authority
from pyk8s.wire.server import listen, make_server
from tests.wire.clients import peer_identity

CALLER = "kube-apiserver-kubelet-client"


class Agent(rpc.StreamsServicer):
    """Keeps what it was asked for in `asked`; `killed` tells that a program ended with its stream."""

    def __init__(self):
        self.asked = []
        self.callers = set()
        self.killed = asyncio.Event()

    async def Logs(self, request, context):
        self._seen(request, context)
        if request.pod.container == "silent":
            code, text, trailing = refusal(bad_request('container "silent" is waiting to start: ContainerCreating'))
            context.set_trailing_metadata(trailing)
            await context.abort(code, text)
        lines = [f"line {number}\n" for number in range(1, 4)]
        if request.HasField("tail_lines"):
            lines = lines[-request.tail_lines :] if request.tail_lines else []
        for line in lines:
            await context.write(pb.LogChunk(data=line.encode()))
        if request.follow:
            await asyncio.get_running_loop().create_future()

    async def Exec(self, frames, context):
        opening = (await context.read()).open
        self._seen(opening, context)
        try:
            process = await asyncio.create_subprocess_exec(
                *opening.command,
                stdin=asyncio.subprocess.PIPE if opening.stdin else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except FileNotFoundError as error:
            status = orjson.dumps(ApiError("InternalError", f"cannot start: {error}").status())
            await context.write(pb.StreamFrame(result=pb.Result(status=status)))
            return
        lock = asyncio.Lock()
        feeding = asyncio.create_task(self._feed(context, process))
        try:
            await asyncio.gather(
                self._copy(context, lock, process.stdout, "stdout"),
                self._copy(context, lock, process.stderr, "stderr"),
            )
            code = await process.wait()
            await context.write(pb.StreamFrame(result=pb.Result(exit_code=code)))
        finally:
            feeding.cancel()
            if process.stdin is not None:
                process.stdin.close()
            if process.returncode is None:
                process.kill()
                await process.wait()
                self.killed.set()

    Attach = Exec

    async def PortForward(self, frames, context):
        opening = (await context.read()).open
        self._seen(opening, context)
        if opening.port == 1:
            await context.write(pb.PortFrame(error="nobody listens on port 1"))
            return
        while hasattr(frame := await context.read(), "WhichOneof"):
            if frame.WhichOneof("frame") == "closed":
                break
            await context.write(pb.PortFrame(data=frame.data.upper()))
        await context.write(pb.PortFrame(closed=True))

    def _seen(self, asked, context):
        self.asked.append(asked)
        self.callers.add(peer_identity(context).name)

    async def _feed(self, context, process):
        while hasattr(frame := await context.read(), "WhichOneof"):
            match frame.WhichOneof("frame"):
                case "stdin":
                    process.stdin.write(frame.stdin)
                    await process.stdin.drain()
                case "stdin_closed":
                    process.stdin.close()
                case "resize":
                    self.asked.append(frame.resize)

    async def _copy(self, context, lock, reader, kind):
        while chunk := await reader.read(65536):
            async with lock:  # a call takes one message at a time
                await context.write(pb.StreamFrame(**{kind: chunk}))


@asynccontextmanager
async def agent(folder, authority: Authority):
    """A running agent on a free port of 127.0.0.1: (agent, port)."""
    cert, key = authority.issue("system:node:node-1", sans=["127.0.0.1"], server=True).write(folder, "agent")
    server, made = make_server(), Agent()
    rpc.add_StreamsServicer_to_server(made, server)
    port = listen(server, "127.0.0.1:0", cert_file=cert, key_file=key, client_ca_file=folder / "ca.crt")
    await server.start()
    try:
        yield made, port
    finally:
        await server.stop(None)


def node(port, name="node-1"):
    """A Node object that says where its agent is."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name},
        "status": {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        },
    }


def pod(name="web", containers=("web",), node_name="node-1"):
    """A pod on a node."""
    spec = {"nodeName": node_name, "containers": [{"name": one, "image": "x"} for one in containers]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"}, "spec": spec}
