"""`pyk8s delete`: objects away, and the wait until they are gone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import click
import orjson

from pyk8s.api.errors import ApiError
from pyk8s.cli import completion, manifests, options
from pyk8s.cli.failures import Failures
from pyk8s.cli.session import Session, warn
from pyk8s.cli.targets import Target, of_manifest, parse_targets, qualified_kind
from pyk8s.cli.verbs.wait import until_gone
from pyk8s.client.interface import Client

HELP = """Delete objects, by name, selector or manifest.

\b
Examples:
  pyk8s delete pod web-1
  pyk8s delete deploy,svc -l app=web
  pyk8s delete -f web.yaml
  pyk8s delete pod stuck --force
"""


@click.command("delete", help=HELP)
@click.argument("words", nargs=-1, metavar="TYPE [NAME…] | TYPE/NAME…", shell_complete=completion.targets)
@options.filenames
@options.selectors
@options.all_namespaces
@click.option("--all", "everything", is_flag=True, help="All objects of the type in the namespace.")
@click.option("--grace-period", type=int, default=-1, help="Seconds to end in; -1: as the object says.")
@click.option(
    "--force", is_flag=True, help="At once, without waiting for the node: the containers may live on a while."
)
@click.option("--now", is_flag=True, help="Like --grace-period=1.")
@click.option(
    "--cascade",
    type=click.Choice(["background", "foreground", "orphan"]),
    default="background",
    show_default=True,
    help="What happens to the objects it owns.",
)
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until the objects are gone.")
@click.option("--timeout", default="0s", help="How long to wait at most; 0s: without end.")
@click.option("--ignore-not-found", is_flag=True, help="An absent object is no error.")
@options.output
@options.dry_run
@options.connected
def delete(session: Session, words: tuple[str, ...], **flags: Any) -> None:
    """Delete objects."""
    targets = _targets(session, words, flags)
    if flags["force"] and flags["grace_period"] <= 0:
        warn("Immediate deletion does not wait for confirmation that the running resource has been terminated.")
    session.run(lambda client: delete_all(client, targets, flags))


def _targets(session: Session, words: Sequence[str], flags: dict[str, Any]) -> list[Target]:
    if flags["files"]:
        read = manifests.read(flags["files"], recursive=flags["recursive"])
        return [of_manifest(session.resources, each, session.namespace) for each in read]
    namespace = "" if flags["all_namespaces"] else session.namespace
    targets = parse_targets(session.resources, words, namespace)
    selected = flags["selector"] or flags["field_selector"] or flags["everything"]
    if any(not target.name for target in targets) and not selected:
        raise click.UsageError("say which: a name, a selector (-l), or --all")
    if any(target.name for target in targets) and selected:
        raise click.UsageError("names cannot be combined with a selector or --all")
    return targets


def grace_seconds(flags: dict[str, Any]) -> int | None:
    """The grace period that --grace-period, --now and --force ask for; None: the object's own."""
    if flags["force"] and flags["grace_period"] < 0:
        return 0
    if flags["now"]:
        return 1
    if flags["grace_period"] == 0 and not flags["force"]:
        return 1
    return flags["grace_period"] if flags["grace_period"] >= 0 else None


async def delete_all(client: Client, targets: Sequence[Target], flags: dict[str, Any]) -> None:
    """Delete every target, say so, and wait for them."""
    failures, leaving, named = Failures(), [], []
    for target in targets:
        with failures.each():
            named += await _members(client, target, flags)
    if not named and not flags["ignore_not_found"] and not failures:
        click.echo("No resources found", err=True)
    for target in named:
        with failures.each():
            uid = await _delete_one(client, target, flags)
            if uid is not None:
                _say(target, flags)
                leaving.append((target, uid))
    if flags["wait"] and flags["dry_run"] == "none":
        from pyk8s.cli.durations import seconds

        limit = seconds(flags["timeout"], "--timeout")
        waits = (until_gone(client, target.ref, uid=uid, timeout=limit) for target, uid in leaving)
        await asyncio.gather(*waits)
    failures.tell()


async def _delete_one(client: Client, target: Target, flags: dict[str, Any]) -> str | None:
    """Delete it; its uid, or None when it need not be there and is not."""
    if flags["dry_run"] == "client":
        return ""
    try:
        body = await client.delete(
            target.ref,
            grace_seconds=grace_seconds(flags),
            propagation=flags["cascade"].capitalize(),
            dry_run=flags["dry_run"] == "server",
        )
    except ApiError as why:
        if why.reason == "NotFound" and flags["ignore_not_found"]:
            return None
        raise
    return _uid(body)


def _say(target: Target, flags: dict[str, Any]) -> None:
    if flags["output"] == "name":
        click.echo(target.label)
        return
    how = "force deleted" if grace_seconds(flags) == 0 else "deleted"
    suffix = {"client": " (dry run)", "server": " (server dry run)"}.get(flags["dry_run"], "")
    where = f" from {target.namespace} namespace" if target.namespace else ""
    click.echo(f'{qualified_kind(target.resource)} "{target.name}" {how}{where}{suffix}')


def _uid(body: bytes) -> str:
    answer = orjson.loads(body)
    return str((answer.get("details") or {}).get("uid") or answer.get("metadata", {}).get("uid", ""))


async def _members(client: Client, target: Target, flags: dict[str, Any]) -> list[Target]:
    if target.name:
        return [target]
    listing = await client.list(target.ref, labels=flags["selector"], fields=flags["field_selector"])
    found = [orjson.loads(body)["metadata"] for body in listing.items]
    return [Target(target.resource, each["name"], each.get("namespace", "")) for each in found]
