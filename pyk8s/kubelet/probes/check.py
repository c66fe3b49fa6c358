"""One question to a container: a program run in it, a GET, a connection, a gRPC health check.

Source: core/v1 Probe (an HTTP status from 200 to 399 is a success), grpc.health.v1.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
from dataclasses import dataclass

from pyk8s.kubelet.errors import Missing, Refused, RuntimeUnavailable, TookTooLong
from pyk8s.kubelet.runtime.interface import Runtime
from pyk8s.kubelet.spec import Container
from pyk8s.kubelet.spec.container import Exec, Grpc, HttpGet, HttpHeader, TcpSocket

LONGEST_OUTPUT = 10 * 1024
"""Bytes of a program's output, or of an answer's body, that are shown."""
USER_AGENT = "kube-probe/1.37"
SERVING = b"\x08\x01"
"""HealthCheckResponse{status: SERVING} on the wire."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to ask: the container's id, the pod's address, and the container for the names of its ports."""

    container_id: str
    ip: str
    container: Container


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether all is well, and what was said."""

    ok: bool
    message: str = ""


class NoAnswer(Exception):
    """It could not be asked: that says nothing about the container."""


def port_number(port: int | str, container: Container) -> int:
    """The number of a port given by number or by name. Raises NoAnswer for a name that no port has."""
    if isinstance(port, int):
        return port
    for each in container.ports:
        if each.name == port:
            return each.container_port
    if port.isdigit():
        return int(port)
    raise NoAnswer(f"no port is called {port!r}")


async def ask_exec(runtime: Runtime, action: Exec, target: Target, timeout: float) -> Answer:
    """Run a program; exit code 0 is well. Raises NoAnswer when the runtime could not be asked."""
    try:
        done = await runtime.exec(target.container_id, action.command, timeout)
    except TookTooLong as why:
        return Answer(False, str(why))
    except Refused as why:
        return Answer(False, str(why))
    except (RuntimeUnavailable, Missing) as why:
        raise NoAnswer(str(why)) from why
    said = (done.stdout + done.stderr)[:LONGEST_OUTPUT].decode("utf-8", "replace")
    return Answer(done.exit_code == 0, said)


async def ask_tcp(action: TcpSocket, target: Target, timeout: float) -> Answer:
    """Connect; being accepted is well."""
    host, port = action.host or target.ip, port_number(action.port, target.container)
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return Answer(False, f"dial tcp {_place(host, port)}: i/o timeout")
    except OSError as why:
        return Answer(False, f"dial tcp {_place(host, port)}: connect: {_words(why)}")
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return Answer(True)


async def ask_http(action: HttpGet, target: Target, timeout: float) -> Answer:
    """GET; a status from 200 to 399 is well."""
    host, port = action.host or target.ip, port_number(action.port, target.container)
    scheme = action.scheme.lower()
    url = f"{scheme}://{_place(host, port)}{action.path}"
    try:
        async with asyncio.timeout(timeout):
            code = await get(host, port, action.path, action.http_headers, secure=scheme == "https")
    except TimeoutError:
        return Answer(False, f'Get "{url}": context deadline exceeded')
    except OSError as why:
        return Answer(False, f'Get "{url}": {_words(why)}')
    except ValueError as why:
        return Answer(False, f'Get "{url}": {why}')
    return Answer(200 <= code < 400, f"HTTP probe failed with statuscode: {code}" if not 200 <= code < 400 else "")


def _words(why: OSError) -> str:
    """What the kernel said, without what asyncio adds."""
    return os.strerror(why.errno).lower() if why.errno is not None and why.errno > 0 else str(why)


async def get(host: str, port: int, path: str, headers: list[HttpHeader], *, secure: bool) -> int:
    """The status code of a GET; certificates are not verified, redirects not followed.

    Raises OSError, ValueError for an answer that is no HTTP.
    """
    context = None
    if secure:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(host, port, ssl=context, limit=LONGEST_OUTPUT)
    try:
        writer.write(_request(host, port, path, headers))
        await writer.drain()
        line = (await reader.readline()).decode("latin-1").split(" ", 2)
        if len(line) < 2 or not line[0].startswith("HTTP/") or not line[1].strip().isdigit():
            raise ValueError("malformed HTTP response")
        return int(line[1])
    finally:
        writer.transport.abort()


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _request(host: str, port: int, path: str, headers: list[HttpHeader]) -> bytes:
    given = {each.name.lower() for each in headers}
    lines = [f"GET {path if path.startswith('/') else '/' + path} HTTP/1.1"]
    if "host" not in given:
        lines.append(f"Host: {_place(host, port)}")
    if "user-agent" not in given:
        lines.append(f"User-Agent: {USER_AGENT}")
    if "accept" not in given:
        lines.append("Accept: */*")
    lines += [f"{each.name}: {each.value}" for each in headers if each.value or each.name.lower() != "accept"]
    lines.append("Connection: close")
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a line break in a path or header")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def ask_grpc(action: Grpc, target: Target, timeout: float) -> Answer:
    """Call grpc.health.v1.Health/Check; SERVING is well."""
    import grpc

    service = action.service.encode()
    request = bytes([0x0A, len(service)]) + service if service else b""
    where = _place(target.ip, action.port)
    async with grpc.aio.insecure_channel(where, options=(("grpc.enable_http_proxy", 0),)) as channel:
        try:
            reply = await channel.unary_unary("/grpc.health.v1.Health/Check")(
                request, timeout=timeout, metadata=(("user-agent", USER_AGENT),)
            )
        except grpc.aio.AioRpcError as why:
            return Answer(False, f"service unhealthy: {why.details() or why.code().name}")
    return Answer(reply == SERVING, "" if reply == SERVING else "service unhealthy (responded with NOT_SERVING)")
