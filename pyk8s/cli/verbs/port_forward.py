"""`pyk8s port-forward`: a port of a pod on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click
import orjson

from pyk8s.api.errors import ApiError
from pyk8s.cli import completion, options
from pyk8s.cli.generators import GeneratorInvalid, port_number
from pyk8s.cli.pods import pods_of
from pyk8s.cli.session import Session
from pyk8s.cli.targets import Target, parse_one
from pyk8s.client.grpc import GrpcClient
from pyk8s.client.streams import Container, Streams, Tunnel

HELP = """Reach a port of a pod under localhost, until interrupted.

\b
Examples:
  pyk8s port-forward pod/web-1 8080:80
  pyk8s port-forward svc/web :80          # any free port here
  pyk8s port-forward deploy/web 8080:http
"""

CHUNK = 64 * 1024
"""Bytes carried at once."""


@dataclass(frozen=True, slots=True)
class Ports:
    """A port here (0: any free one) and the one it stands for, by number or name."""

    local: int
    remote: str


def parse_ports(text: str) -> Ports:
    """Read `LOCAL:REMOTE`, `PORT` or `:REMOTE`. Raises click.UsageError."""
    local, colon, remote = text.partition(":")
    remote = remote if colon else local
    try:
        number = port_number(local, "port") if local and (colon or local.isdigit()) else 0
        if remote.isdigit():
            port_number(remote, "port")
    except GeneratorInvalid as why:
        raise click.UsageError(f"{text!r} must be LOCAL:REMOTE: {why}") from why
    if not remote:
        raise click.UsageError(f"{text!r} must be LOCAL:REMOTE, PORT or :REMOTE")
    return Ports(number, remote)


@click.command("port-forward", help=HELP)
@click.argument("words", nargs=-1, required=True, metavar="TYPE/NAME [LOCAL:]REMOTE…", shell_complete=completion.pods)
@click.option("--address", multiple=True, default=("localhost",), show_default=True, help="Where to listen.")
@options.connected
def port_forward(session: Session, words: tuple[str, ...], address: tuple[str, ...]) -> None:
    """Reach a port of a pod under localhost."""
    if len(words) < 2:
        raise click.UsageError("say which port: LOCAL:REMOTE")
    target = parse_one(session.resources, words[:1], session.namespace)
    wanted = [parse_ports(word) for word in words[1:]]
    session.run(lambda client: _forward(client, target, wanted, address))


async def _forward(client: GrpcClient, target: Target, wanted: Sequence[Ports], addresses: Sequence[str]) -> None:
    pod = (await pods_of(client, target))[0]
    service = orjson.loads(await client.get(target.ref)) if target.resource.kind == "Service" else None
    if (pod.get("status") or {}).get("phase") != "Running":
        raise click.ClickException(f"pod {pod['metadata']['name']} is not running")
    place = Container(pod["metadata"]["namespace"], pod["metadata"]["name"], "")
    streams = Streams(client.channel, client.caller)
    hosts = ["127.0.0.1" if host == "localhost" else host for host in addresses]
    with contextlib.ExitStack() as stack:
        for ports in wanted:
            number = container_port(ports.remote, pod, service)
            for host in hosts:
                server = await _listen(streams, place, number, host, ports.local)
                stack.callback(server.close)
                bound = server.sockets[0].getsockname()
                click.echo(f"Forwarding from {bound[0]}:{bound[1]} -> {number}")
        await asyncio.Event().wait()


async def _listen(streams: Streams, place: Container, number: int, host: str, local: int) -> asyncio.Server:
    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        click.echo(f"Handling connection for {writer.get_extra_info('sockname')[1]}")
        try:
            async with streams.port_forward(place, number) as tunnel:
                await _both_ways(tunnel, reader, writer)
        except (ApiError, OSError) as why:
            click.echo(f"error: {why}", err=True)
        finally:
            writer.close()

    try:
        return await asyncio.start_server(carry, host, local)
    except OSError as why:
        text = os.strerror(why.errno) if why.errno else str(why)
        where = f"{host}:{local}"
        raise click.ClickException(f"cannot listen on {where}: {text} (:REMOTE takes any free port)") from why


async def _both_ways(tunnel: Tunnel, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async def outward() -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(CHUNK):
                await tunnel.send(data)
        await tunnel.close_sending()

    sending = asyncio.ensure_future(outward())
    try:
        async for data in tunnel.received():
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        await sending
    finally:
        sending.cancel()


def container_port(text: str, pod: dict[str, Any], service: dict[str, Any] | None) -> int:
    """The port number in the pod that `text` (a number or name; of the service, when there is one) means.

    Raises click.ClickException.
    """
    if service is not None:
        for port in service["spec"].get("ports") or ():
            if text in (str(port["port"]), port.get("name")):
                text = str(port.get("targetPort", port["port"]))
                break
        else:
            raise click.ClickException(f"service {service['metadata']['name']} has no port {text}")
    if text.isdigit():
        return int(text)
    for container in pod["spec"]["containers"]:
        for port in container.get("ports") or ():
            if port.get("name") == text:
                return int(port["containerPort"])
    raise click.ClickException(f"pod {pod['metadata']['name']} has no port named {text!r}")
