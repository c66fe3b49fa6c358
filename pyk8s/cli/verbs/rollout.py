"""`pyk8s rollout`: how a new version of a workload is getting on, and back again if it is no good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import click
import orjson

from pyk8s.api.refs import REPLICA_SETS
from pyk8s.cli import completion, options
from pyk8s.cli.describe.layout import Page
from pyk8s.cli.describe.workload import add_template
from pyk8s.cli.durations import seconds
from pyk8s.cli.progress import Progress
from pyk8s.cli.session import Session
from pyk8s.cli.targets import Target, parse_targets
from pyk8s.cli.waiting import Object, versions
from pyk8s.client.interface import Client, PatchType

REVISION = "deployment.kubernetes.io/revision"
CAUSE = "kubernetes.io/change-cause"
RESTARTED = "kubectl.kubernetes.io/restartedAt"
HASH = "pod-template-hash"

HELP = """Watch, undo, restart, pause or resume a rollout.

\b
Examples:
  pyk8s rollout status deploy/web
  pyk8s rollout history deploy/web
  pyk8s rollout undo deploy/web --to-revision=2
  pyk8s rollout restart deploy/web
"""


@click.group("rollout", help=HELP)
def rollout() -> None:
    """Rollouts."""


def _targets(session: Session, words: Sequence[str], kinds: Sequence[str]) -> list[Target]:
    targets = parse_targets(session.resources, words, session.namespace)
    for target in targets:
        if not target.name:
            raise click.UsageError("name the workload: deploy/NAME")
        if target.resource.kind not in kinds:
            raise click.ClickException(f"{target.label}: this works for {', '.join(kinds)} only")
    return targets


@rollout.command("status")
@click.argument("words", nargs=-1, metavar="TYPE NAME | TYPE/NAME", shell_complete=completion.targets)
@click.option("-w", "--watch/--no-watch", default=True, show_default=True, help="Wait until it is done.")
@click.option("--timeout", default="0s", help="How long to wait at most; 0s: without end.")
@options.connected
def status(session: Session, words: tuple[str, ...], watch: bool, timeout: str) -> None:
    """Say how far a rollout is, and wait for its end.

    \b
    Examples:
      pyk8s rollout status deploy/web --timeout 2m
    """
    import asyncio

    targets = _targets(session, words, ("Deployment", "DaemonSet", "StatefulSet"))
    limit = seconds(timeout, "--timeout")

    async def follow(client: Client) -> None:
        for target in targets:
            try:
                async with asyncio.timeout(limit or None):
                    await _follow(client, target, watch)
            except TimeoutError:
                raise click.ClickException(f"{target.label}: not rolled out within {timeout}") from None

    session.run(follow)


async def _follow(client: Client, target: Target, watch: bool) -> None:
    with Progress() as progress:
        async for value in versions(client, target.ref):
            if value is None:
                raise click.ClickException(f'{target.resource.plural} "{target.name}" not found')
            text, done = judge_rollout(value)
            progress.say(text, done=done)
            if done or not watch:
                return


def judge_rollout(value: Object) -> tuple[str, bool]:
    """A sentence on how far the rollout is, and whether it is done. Raises click.ClickException past its deadline."""
    name, spec, status = value["metadata"]["name"], value["spec"], value.get("status") or {}
    kind = value.get("kind", "Deployment")
    if status.get("observedGeneration", 0) < value["metadata"].get("generation", 0):
        return f'Waiting for {kind.lower()} "{name}" to be observed...', False
    if kind == "DaemonSet":
        wanted = status.get("desiredNumberScheduled", 0)
        updated, available = status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)
    else:
        wanted = spec.get("replicas", 1)
        updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    for condition in status.get("conditions") or ():
        if condition["type"] == "Progressing" and condition.get("reason") == "ProgressDeadlineExceeded":
            raise click.ClickException(f"deployment {name!r} exceeded its progress deadline")
    waiting = f'Waiting for {kind.lower()} "{name}" rollout to finish:'
    if updated < wanted:
        return f"{waiting} {updated} out of {wanted} new replicas have been updated...", False
    total = status.get("replicas", updated) if kind == "Deployment" else updated
    if total > updated:
        return f"{waiting} {total - updated} old replicas are pending termination...", False
    if available < wanted:
        return f"{waiting} {available} of {wanted} updated replicas are available...", False
    return f'{kind.lower()} "{name}" successfully rolled out', True


async def _replica_sets(client: Client, target: Target) -> dict[int, dict[str, Any]]:
    """The revisions of a deployment: revision -> its replica set."""
    deployment = orjson.loads(await client.get(target.ref))
    found = {}
    for body in (await client.list(REPLICA_SETS.within(target.namespace))).items:
        value = orjson.loads(body)
        owners = value["metadata"].get("ownerReferences") or ()
        if any(owner["uid"] == deployment["metadata"]["uid"] and owner.get("controller") for owner in owners):
            revision = (value["metadata"].get("annotations") or {}).get(REVISION)
            if revision:
                found[int(revision)] = value
    return found


@rollout.command("history")
@click.argument("words", nargs=-1, metavar="deployment NAME | deployment/NAME", shell_complete=completion.targets)
@click.option("--revision", type=click.IntRange(1), default=None, help="Show the pod template of this revision.")
@options.connected
def history(session: Session, words: tuple[str, ...], revision: int | None) -> None:
    """The revisions of a deployment that it can go back to.

    \b
    Examples:
      pyk8s rollout history deploy/web --revision 2
    """
    for target in _targets(session, words, ("Deployment",)):
        sets = session.run(partial(_replica_sets, target=target))
        if revision is None:
            click.echo(f"{target.label}\nREVISION  CHANGE-CAUSE")
            for number in sorted(sets):
                cause = (sets[number]["metadata"].get("annotations") or {}).get(CAUSE, "<none>")
                click.echo(f"{number:<8}  {cause}")
            continue
        page = Page()
        add_template(page, _revision(sets, revision, target)["spec"]["template"])
        click.echo(f"{target.label} with revision #{revision}\n{page.text()}", nl=False)


def _revision(sets: dict[int, dict[str, Any]], number: int, target: Target) -> dict[str, Any]:
    if number not in sets:
        known = ", ".join(str(each) for each in sorted(sets)) or "none"
        raise click.ClickException(f"unable to find revision {number} of {target.label} (there are: {known})")
    return sets[number]


@rollout.command("undo")
@click.argument("words", nargs=-1, metavar="deployment NAME | deployment/NAME", shell_complete=completion.targets)
@click.option("--to-revision", type=click.IntRange(0), default=0, help="Back to this revision [the one before].")
@options.dry_run
@options.connected
def undo(session: Session, words: tuple[str, ...], to_revision: int, dry_run: str) -> None:
    """Back to an earlier revision.

    \b
    Examples:
      pyk8s rollout undo deploy/web
      pyk8s rollout undo deploy/web --to-revision 2
    """
    for target in _targets(session, words, ("Deployment",)):
        session.run(partial(_undo, target=target, number=to_revision, dry_run=dry_run))
        click.echo(f"{target.label} rolled back")


async def _undo(client: Client, target: Target, number: int, dry_run: str) -> None:
    sets = await _replica_sets(client, target)
    deployment = orjson.loads(await client.get(target.ref))
    if deployment["spec"].get("paused"):
        raise click.ClickException(f"{target.label} is paused: resume it first (pyk8s rollout resume {target.label})")
    revision = number or _before(sets, deployment, target)
    chosen = _revision(sets, revision, target)
    template = chosen["spec"]["template"]
    template.get("metadata", {}).get("labels", {}).pop(HASH, None)
    patch = [{"op": "replace", "path": "/spec/template", "value": template}]
    if dry_run != "client":
        await client.patch(target.ref, orjson.dumps(patch), PatchType.JSON, dry_run=dry_run == "server")


def _before(sets: dict[int, dict[str, Any]], deployment: Object, target: Target) -> int:
    current = int((deployment["metadata"].get("annotations") or {}).get(REVISION, 0))
    earlier = [number for number in sets if number < current]
    if not earlier:
        raise click.ClickException(f"no rollout history found for {target.label}: there is nothing to go back to")
    return max(earlier)


@rollout.command("restart")
@click.argument("words", nargs=-1, metavar="TYPE NAME | TYPE/NAME", shell_complete=completion.targets)
@options.connected
def restart(session: Session, words: tuple[str, ...]) -> None:
    """Replace all pods, one after another, by new ones.

    \b
    Examples:
      pyk8s rollout restart deploy/web
    """
    stamp = {RESTARTED: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    patch = {"spec": {"template": {"metadata": {"annotations": stamp}}}}
    _patch_all(session, words, ("Deployment", "DaemonSet", "StatefulSet"), patch, "restarted")


@rollout.command("pause")
@click.argument("words", nargs=-1, metavar="deployment NAME | deployment/NAME", shell_complete=completion.targets)
@options.connected
def pause(session: Session, words: tuple[str, ...]) -> None:
    """Let changes of the template wait.

    \b
    Examples:
      pyk8s rollout pause deploy/web
    """
    _patch_all(session, words, ("Deployment",), {"spec": {"paused": True}}, "paused")


@rollout.command("resume")
@click.argument("words", nargs=-1, metavar="deployment NAME | deployment/NAME", shell_complete=completion.targets)
@options.connected
def resume(session: Session, words: tuple[str, ...]) -> None:
    """Go on after a pause.

    \b
    Examples:
      pyk8s rollout resume deploy/web
    """
    _patch_all(session, words, ("Deployment",), {"spec": {"paused": None}}, "resumed")


def _patch_all(session: Session, words: Sequence[str], kinds: Sequence[str], patch: dict[str, Any], done: str) -> None:
    targets = _targets(session, words, kinds)

    async def work(client: Client) -> None:
        for target in targets:
            await client.patch(target.ref, orjson.dumps(patch), PatchType.MERGE, manager="pyk8s-rollout")
            click.echo(f"{target.label} {done}")

    session.run(work)
