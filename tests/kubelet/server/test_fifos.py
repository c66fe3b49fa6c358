"""Standard streams as FIFOs."""

import asyncio
import os
from pathlib import Path

import pytest

from pyk8s.kubelet.server.fifos import Fifos


@pytest.fixture
def fifos(tmp_path):
    made = Fifos(tmp_path / "streams", stdin=True, stdout=True, stderr=False)
    yield made
    made.close()


def test_what_is_not_wanted_is_not_there(fifos):
    stdin, stdout, stderr = fifos.paths
    assert Path(stdin).is_fifo()
    assert Path(stdout).is_fifo()
    assert stderr == ""
    assert Path(stdout).stat().st_mode & 0o777 == 0o600


async def test_output_is_read_to_its_end(fifos):
    program = os.open(fifos.paths[1], os.O_WRONLY)
    os.write(program, b"hello")
    assert await fifos.read("stdout") == b"hello"
    os.close(program)
    assert await fifos.read("stdout") == b""


async def test_input_waits_for_a_slow_program(fifos):
    program = os.open(fifos.paths[0], os.O_RDONLY | os.O_NONBLOCK)
    fifos.open_writer()
    data = bytes(300_000)

    async def write():
        await fifos.write(data)
        fifos.close_writer()

    writing = asyncio.create_task(write())
    received = b""
    async with asyncio.timeout(30):
        while not writing.done() or len(received) < len(data):
            await asyncio.sleep(0)
            try:
                received += os.read(program, 65536)
            except BlockingIOError:
                continue
    assert os.read(program, 1) == b""
    os.close(program)
    assert received == data


async def test_a_program_that_reads_no_more_breaks_the_pipe(fifos):
    program = os.open(fifos.paths[0], os.O_RDONLY | os.O_NONBLOCK)
    fifos.open_writer()
    os.close(program)
    with pytest.raises(BrokenPipeError):
        await fifos.write(b"x")


async def test_input_without_a_program_cannot_be_opened(fifos):
    with pytest.raises(OSError, match="No such device"):
        fifos.open_writer()


def test_nothing_is_left(tmp_path):
    made = Fifos(tmp_path / "streams", stdin=True, stdout=True, stderr=True)
    made.close()
    made.close()
    assert list(tmp_path.iterdir()) == []
