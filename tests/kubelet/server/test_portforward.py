"""Connections to ports, here of the node itself."""

import asyncio
import contextlib

from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb
from pyk8s.kubelet.server.portforward import forward


@contextlib.asynccontextmanager
async def serving(serve):
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def frames(*made):
    for frame in made:
        yield frame


async def carried(port, *made):
    return [frame async for frame in forward("", port, frames(*made))]


async def echo(reader, writer):
    while data := await reader.read(100):
        writer.write(data)
    writer.write(b"end")
    writer.close()


async def test_bytes_go_both_ways_and_each_side_may_end_alone():
    async with serving(echo) as port:
        answer = await carried(port, pb.PortFrame(data=b"hello"), pb.PortFrame(closed=True))
    assert b"".join(frame.data for frame in answer) == b"helloend"
    assert answer[-1].closed


async def test_a_port_nobody_serves_is_an_error_in_words():
    (frame,) = await carried(1)
    assert "cannot connect to port 1 of the pod" in frame.error


async def test_a_namespace_that_is_not_there_is_an_error_in_words():
    (frame,) = [frame async for frame in forward("/run/netns/nobody-made-this", 80, frames())]
    assert "cannot connect to port 80" in frame.error


async def test_a_caller_that_goes_away_ends_the_connection():
    ended = asyncio.Event()

    async def serve(reader, writer):
        while await reader.read(100):
            pass
        ended.set()
        writer.close()

    async with serving(serve) as port:
        carrying = forward("", port, frames(pb.PortFrame(data=b"x"), pb.PortFrame(closed=True)))
        async with asyncio.timeout(30):
            async for frame in carrying:
                assert frame.closed
            await ended.wait()
