"""A daemon of the command line as a process of its own, and what it tells whoever started it."""

import asyncio
import os
import re
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import orjson
import yaml

from pyk8s.aio.notify import Listener

PROGRAM = Path(sys.executable).parent / "pyk8s"
SECONDS = 30.0


@asynccontextmanager
async def program(folder, name, settings):
    """(process, queue of what it tells), for SECONDS at most; `settings` is the content of its file."""
    config = folder / f"{name}.yaml"
    config.write_text(yaml.safe_dump(settings))
    told = asyncio.Queue()
    listener = Listener(folder / "notify", told.put_nowait)
    listener.open()
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        name,
        "--config",
        config,
        env={**os.environ, "NOTIFY_SOCKET": str(listener.path)},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            yield process, told
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
        listener.close()


async def ends_with_a_sentence(process):
    """What a process that cannot start says, once it has ended as a failure and without a traceback."""
    said = (await process.stderr.read()).decode()
    assert await process.wait() == 1
    assert "Traceback" not in said
    return said


def grpc_address(told):
    """Where a server listens that told so when it was ready."""
    (port,) = re.findall(r"gRPC on port (\d+)", told["STATUS"])
    return f"127.0.0.1:{port}"


def document(pki):
    """The settings of an API server as their file holds them."""
    return orjson.loads(msgspec.json.encode(pki.settings(), enc_hook=str))
