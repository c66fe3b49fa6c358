"""`pyk8s cp`: files into a container and out of it, by the `tar` that is in it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import click

from pyk8s.api.refs import PODS, Ref
from pyk8s.cli import options
from pyk8s.cli.archive import pack, unpack
from pyk8s.cli.pods import container_of, pods_of
from pyk8s.cli.session import Session
from pyk8s.cli.targets import parse_one
from pyk8s.client.grpc import GrpcClient
from pyk8s.client.streams import Container, Streams

HELP = """Copy files and folders to and from containers; the image needs tar.

\b
Examples:
  pyk8s cp notes.txt web-1:/tmp/notes.txt
  pyk8s cp web-1:/var/log ./logs -c main
  pyk8s cp ./site shop/web-1:/srv
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A path here (no pod) or in a pod."""

    path: str
    pod: str = ""
    namespace: str = ""


def parse_place(text: str) -> Place:
    """Read `PATH`, `POD:PATH` or `NAMESPACE/POD:PATH`. Raises click.UsageError."""
    before, colon, path = text.partition(":")
    if not colon or before.startswith((".", "/")):
        return Place(text)
    namespace, slash, pod = before.partition("/")
    if not path or not before or (slash and (not namespace or not pod)) or "/" in pod:
        raise click.UsageError(f"{text!r} must be [NAMESPACE/]POD:PATH")
    return Place(path, pod if slash else namespace, namespace if slash else "")


@click.command("cp", help=HELP)
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("-c", "--container", default="", help="This container.")
@options.connected
def cp(session: Session, source: str, target: str, container: str) -> None:
    """Copy files and folders to and from containers."""
    here, there = parse_place(source), parse_place(target)
    if bool(here.pod) == bool(there.pod):
        raise click.UsageError("one of FROM and TO must be in a pod: [NAMESPACE/]POD:PATH")
    if there.pod and not Path(here.path).exists():
        raise click.ClickException(f"{here.path}: no such file or folder here")
    work = _upload if there.pod else _download
    session.run(lambda client: work(client, session, here, there, container))


async def _container(client: GrpcClient, session: Session, place: Place, container: str) -> tuple[Ref, Container]:
    namespace = place.namespace or session.namespace
    pod = (await pods_of(client, parse_one(session.resources, [place.pod], namespace)))[0]
    name = container_of(pod, container)
    return PODS.within(namespace).of(place.pod), Container(namespace, place.pod, name)


async def _upload(client: GrpcClient, session: Session, here: Place, there: Place, container: str) -> None:
    _, inside = await _container(client, session, there, container)
    target = PurePosixPath(there.path)
    if there.path.endswith("/") or await _is_folder(client, inside, there.path):
        target = target / Path(here.path).resolve().name
    command = ["tar", "-xmf", "-", "-C", str(target.parent)]
    errors = bytearray()
    async with Streams(client.channel, client.caller).exec(inside, command, stdin=True) as running:
        for data in pack(Path(here.path), target.name):
            await running.send(data)
        await running.close_stdin()
        async for _channel, data in running.output():
            errors += data
    if running.exit_code:
        raise click.ClickException(_failed("write", there, running.exit_code, errors))


async def _is_folder(client: GrpcClient, inside: Container, path: str) -> bool:
    async with Streams(client.channel, client.caller).exec(inside, ["test", "-d", path]) as running:
        async for _ in running.output():
            pass
    return running.exit_code == 0


async def _download(client: GrpcClient, session: Session, here: Place, there: Place, container: str) -> None:
    _, inside = await _container(client, session, here, container)
    source, target = PurePosixPath(here.path), Path(there.path)
    if target.is_dir() and source.name:
        target = target / source.name
    command = ["tar", "-cf", "-", "-C", str(source.parent), source.name or "."]
    errors = bytearray()
    with tempfile.TemporaryFile() as held:
        async with Streams(client.channel, client.caller).exec(inside, command) as running:
            async for channel, data in running.output():
                if channel == "stderr":
                    errors += data
                else:
                    held.write(data)
        if running.exit_code:
            raise click.ClickException(_failed("read", here, running.exit_code, errors))
        held.seek(0)
        unpack(held, source.name or ".", target)


def _failed(what: str, place: Place, code: int | None, errors: bytes | bytearray) -> str:
    said = " ".join(bytes(errors).decode(errors="replace").split())
    hint = " (the image has no tar?)" if code in (126, 127, 128) else ""
    return f"cannot {what} {place.path} in pod {place.pod}: {said or f'tar ended with {code}'}{hint}"
