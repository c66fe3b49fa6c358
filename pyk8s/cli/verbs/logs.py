"""`pyk8s logs`: what containers wrote."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import click

from pyk8s.api.objectmeta import parse_time
from pyk8s.cli import completion, options
from pyk8s.cli.durations import seconds
from pyk8s.cli.pods import container_of, pods_of
from pyk8s.cli.session import Session
from pyk8s.cli.targets import Target, parse_one
from pyk8s.client.grpc import GrpcClient
from pyk8s.client.streams import Container, LogOptions, Streams

HELP = """Show the output of a container.

\b
Examples:
  pyk8s logs web-1
  pyk8s logs -f deploy/web --tail=20
  pyk8s logs web-1 -c sidecar --previous
  pyk8s logs -l app=web --prefix --all-containers
"""


@click.command("logs", help=HELP)
@click.argument("words", nargs=-1, metavar="POD | TYPE/NAME", shell_complete=completion.pods)
@click.option("-l", "--selector", default="", metavar="LABELS", help="All pods with these labels.")
@click.option("-c", "--container", default="", help="This container.", shell_complete=completion.containers)
@click.option("--all-containers", is_flag=True, help="All containers of the pod.")
@click.option("-f", "--follow", is_flag=True, help="Go on as it is written.")
@click.option("-p", "--previous", is_flag=True, help="Of the run before this one.")
@click.option("--tail", type=int, default=-1, help="Only the last lines; -1: all.")
@click.option("--since", default="", metavar="DURATION", help="Only what is younger than this.")
@click.option("--since-time", default="", metavar="TIME", help="Only what came after this time (RFC 3339).")
@click.option("--timestamps", is_flag=True, help="The time before each line.")
@click.option("--limit-bytes", type=click.IntRange(1), default=None, help="At most so many bytes.")
@click.option("--prefix", is_flag=True, help="The pod and container before each line.")
@options.connected
def logs(session: Session, words: tuple[str, ...], selector: str, **flags: Any) -> None:
    """Show the output of a container."""
    if bool(words) == bool(selector):
        raise click.UsageError("name a pod (POD or TYPE/NAME) or give a selector (-l)")
    if flags["since"] and flags["since_time"]:
        raise click.UsageError("give only one of --since and --since-time")
    if len(words) == 2 and "/" not in words[1] and not flags["container"]:
        flags["container"], words = words[1], words[:1]
    asked = LogOptions(
        follow=flags["follow"],
        previous=flags["previous"],
        tail_lines=flags["tail"] if flags["tail"] >= 0 else (10 if selector and not flags["follow"] else None),
        since_seconds=max(int(seconds(flags["since"], "--since")), 1) if flags["since"] else None,
        since_time=_time(flags["since_time"]),
        timestamps=flags["timestamps"],
        limit_bytes=flags["limit_bytes"],
    )
    target = parse_one(session.resources, words, session.namespace) if words else None
    session.run(lambda client: _show(client, session, target, selector, asked, flags))


def _time(text: str) -> str:
    if text:
        try:
            parse_time(text)
        except ValueError as why:
            raise click.UsageError(f"--since-time {why}") from why
    return text


async def _show(
    client: GrpcClient, session: Session, target: Target | None, selector: str, asked: LogOptions, flags: dict[str, Any]
) -> None:
    pods = await _pods(client, session, target, selector)
    streams = Streams(client.channel, client.caller)
    places = [
        Container(pod["metadata"]["namespace"], pod["metadata"]["name"], name)
        for pod in pods
        for name in _containers(pod, flags)
    ]
    if len(places) > 1 and flags["follow"]:
        await asyncio.gather(*(_copy(streams, place, asked, flags["prefix"]) for place in places))
        return
    for place in places:
        await _copy(streams, place, asked, flags["prefix"])


async def _pods(client: GrpcClient, session: Session, target: Target | None, selector: str) -> list[dict[str, Any]]:
    if target is not None:
        found = await pods_of(client, target)
        if len(found) > 1:
            click.echo(f"Found {len(found)} pods, using pod/{found[0]['metadata']['name']}", err=True)
        return found[:1]
    import orjson

    from pyk8s.api.refs import PODS

    listing = await client.list(PODS.within(session.namespace), labels=selector)
    if not listing.items:
        click.echo(f"No resources found in {session.namespace} namespace.", err=True)
    return [orjson.loads(body) for body in listing.items]


def _containers(pod: dict[str, Any], flags: dict[str, Any]) -> list[str]:
    if flags["all_containers"]:
        fields = ("initContainers", "containers", "ephemeralContainers")
        return [each["name"] for field in fields for each in pod["spec"].get(field) or ()]
    return [container_of(pod, flags["container"])]


async def _copy(streams: Streams, place: Container, asked: LogOptions, prefix: bool) -> None:
    out = sys.stdout.buffer
    start = f"[pod/{place.pod}/{place.name}] ".encode() if prefix else b""
    fresh = True
    async for data in streams.logs(place, asked):
        if start:
            lines = data.split(b"\n")
            ended = lines[-1] == b""
            body = (b"\n" + start).join(lines[:-1] if ended else lines)
            data = (start if fresh else b"") + body + (b"\n" if ended else b"")
            fresh = ended
        out.write(data)
        out.flush()
