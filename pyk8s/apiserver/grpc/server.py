"""The gRPC server of the API: both services behind mutual TLS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pyk8s.api.resources import Resources
from pyk8s.apiserver.grpc.objects import Objects
from pyk8s.apiserver.grpc.peers import Peers
from pyk8s.apiserver.grpc.streams import Streams
from pyk8s.apiserver.request import Handler
from pyk8s.gen.pyk8s.v1 import objects_pb2_grpc, streams_pb2_grpc
from pyk8s.wire.server import listen, make_server


@dataclass(frozen=True, slots=True)
class Files:
    """The certificate and key the door shows, and the authority of its clients."""

    cert: Path
    key: Path
    client_ca: Path


class Door:
    """Serves `handler` over gRPC on the running loop."""

    def __init__(self, handler: Handler, resources: Resources, files: Files) -> None:
        self._files = files
        self._server = make_server()
        peers = Peers()
        objects_pb2_grpc.add_ObjectsServicer_to_server(Objects(handler, resources, peers), self._server)  # type: ignore[no-untyped-call]
        streams_pb2_grpc.add_StreamsServicer_to_server(Streams(handler, resources, peers), self._server)  # type: ignore[no-untyped-call]

    def listen(self, address: str, port: int) -> int:
        """Serve on `address` and `port` (0: a free one) once started; the port. Raises WireError when it is taken."""
        host = f"[{address}]" if ":" in address else address
        files = self._files
        return listen(
            self._server, f"{host}:{port}", cert_file=files.cert, key_file=files.key, client_ca_file=files.client_ca
        )

    async def start(self) -> None:
        """Begin to answer."""
        await self._server.start()

    async def close(self, grace: float) -> None:
        """Take no more calls, give those under way `grace` seconds, then cut the rest off."""
        await self._server.stop(grace)
