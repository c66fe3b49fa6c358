"""`pyk8s wait`: until a condition holds, a field has a value, or an object is there or gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import click
import orjson

from pyk8s.api.refs import Ref
from pyk8s.cli import completion, manifests, options
from pyk8s.cli.durations import seconds
from pyk8s.cli.printers.jsonpath import Path, as_text, evaluate, parse
from pyk8s.cli.session import Session
from pyk8s.cli.targets import Target, of_manifest, parse_targets
from pyk8s.cli.waiting import Object, WaitTimedOut, until, until_gone
from pyk8s.client.interface import Client

HELP = """Wait for objects.

\b
Examples:
  pyk8s wait --for=condition=Ready pod/web-1
  pyk8s wait --for=condition=Available deploy --all --timeout=2m
  pyk8s wait --for=jsonpath='{.status.phase}'=Running pod/web-1
  pyk8s wait --for=delete pod/web-1 --timeout=30s
"""

Done = Callable[[Object | None], bool | None]


@click.command("wait", help=HELP)
@click.argument("words", nargs=-1, metavar="TYPE [NAME…] | TYPE/NAME…", shell_complete=completion.targets)
@options.filenames
@options.selectors
@options.all_namespaces
@click.option("--for", "what", required=True, help="condition=NAME[=VALUE], jsonpath='{PATH}'[=VALUE], create, delete.")
@click.option("--all", "everything", is_flag=True, help="All objects of the type.")
@click.option("--timeout", default="30s", show_default=True, help="How long at most; 0: look once.")
@options.output
@options.connected
def wait(session: Session, words: tuple[str, ...], what: str, timeout: str, **flags: Any) -> None:
    """Wait for objects."""
    done = parse_for(what)
    limit = max(seconds(timeout, "--timeout"), 0.001)
    if flags["files"]:
        read = manifests.read(flags["files"], recursive=flags["recursive"])
        targets = [of_manifest(session.resources, each, session.namespace) for each in read]
    else:
        targets = parse_targets(session.resources, words, "" if flags["all_namespaces"] else session.namespace)
    session.run(lambda client: wait_all(client, targets, what, done, limit, flags))


async def wait_all(
    client: Client, targets: Sequence[Target], what: str, done: Done, limit: float, flags: dict[str, Any]
) -> None:
    """Wait for each target beside the others; the message of each comes when it is met."""
    members = []
    for target in targets:
        if target.name:
            members.append(target)
            continue
        listing = await client.list(target.ref, labels=flags["selector"], fields=flags["field_selector"])
        found = [orjson.loads(body)["metadata"] for body in listing.items]
        members += [Target(target.resource, each["name"], each.get("namespace", "")) for each in found]
    if not members and what != "delete":
        raise click.ClickException("no matching resources found")
    outcomes = await asyncio.gather(
        *(_one(client, member, what, done, limit) for member in members), return_exceptions=True
    )
    failures = [why for why in outcomes if isinstance(why, BaseException)]
    for why in failures[1:]:
        click.echo(f"error: {why}", err=True)
    if failures:
        raise failures[0]


async def _one(client: Client, target: Target, what: str, done: Done, limit: float) -> None:
    if what == "delete":
        await until_gone(client, target.ref, timeout=limit)
        click.echo(f"{target.label} deleted")
        return
    await until(client, target.ref, _there(target, what, done), timeout=limit, what=f"{what} on {target.label}")
    click.echo(f"{target.label} condition met")


def _there(target: Target, what: str, done: Done) -> Done:
    """`done`, but an object that does not exist is an error unless its creation is what is waited for."""

    def judge(value: Object | None) -> bool | None:
        if value is None and what != "create":
            raise click.ClickException(f'{target.resource.plural} "{target.name}" not found')
        return done(value)

    return judge


def parse_for(what: str) -> Done:
    """The judge that `--for` asks for. Raises click.UsageError."""
    kind, _, rest = what.partition("=")
    if what == "delete":
        return lambda value: True if value is None else None
    if what == "create":
        return lambda value: True if value is not None else None
    if kind == "condition" and rest:
        name, _, wanted = rest.partition("=")
        return lambda value: holds(value, name, wanted or "True") or None
    if kind == "jsonpath" and rest.startswith(("{", "'{")):
        return _field_judge(rest.strip("'"))
    raise click.UsageError(
        f"--for {what!r} must be condition=NAME[=VALUE], jsonpath='{{PATH}}'[=VALUE], create or delete"
    )


def _field_judge(text: str) -> Done:
    end = text.rfind("}") + 1
    if not end:
        raise click.UsageError(f"--for: the '{{' of {text!r} is never closed")
    path = next((node for node in parse(text[:end]) if isinstance(node, Path)), None)
    if path is None:
        raise click.UsageError(f"--for: {text[:end]!r} is no JSONPath expression")
    given, wanted = text[end:].startswith("="), text[end + 1 :]

    def judge(value: Object | None) -> bool | None:
        found = evaluate(path, value, value) if value is not None else []
        met = any(as_text(each) == wanted for each in found) if given else bool(found)
        return met or None

    return judge


def holds(value: Object | None, name: str, wanted: str) -> bool:
    """Whether the condition `name` has the status `wanted` (case does not matter) for the newest generation."""
    if value is None:
        return False
    generation = value["metadata"].get("generation", 0)
    status = value.get("status") or {}
    if status.get("observedGeneration", generation) < generation:
        return False
    for condition in status.get("conditions") or ():
        if condition["type"].lower() == name.lower():
            return bool(condition["status"].lower() == wanted.lower())
    return False


async def until_running(client: Client, pod: Ref, timeout: float = 120.0) -> None:
    """Wait until the pod runs or has ended. Raises WaitTimedOut; ClickException when its image cannot be had."""

    def judge(value: Object | None) -> bool | None:
        status = (value or {}).get("status") or {}
        for container in status.get("containerStatuses") or ():
            waiting = (container.get("state") or {}).get("waiting") or {}
            if waiting.get("reason") in ("ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"):
                raise click.ClickException(f"pod {pod.name}: {waiting['reason']}: {waiting.get('message', '')}")
        return True if status.get("phase") in ("Running", "Succeeded", "Failed") else None

    await until(client, pod, judge, timeout=timeout, what=f"pod {pod.name} to run")


__all__ = ["WaitTimedOut", "holds", "parse_for", "until_gone", "until_running", "wait"]
