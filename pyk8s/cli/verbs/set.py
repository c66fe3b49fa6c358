"""`pyk8s set image|env|resources`: the parts of a pod template that change most."""

from __future__ import annotations

from typing import Any

import click
import orjson

from pyk8s.cli import completion, generators, options
from pyk8s.cli.session import Session
from pyk8s.cli.targets import Target, parse_targets
from pyk8s.client.interface import Client, PatchType

HELP = """Change the image, environment or resources of a workload.

\b
Examples:
  pyk8s set image deploy/web main=shop:2
  pyk8s set image deploy/web '*=shop:2'
  pyk8s set env deploy/web LEVEL=debug OLD-
  pyk8s set resources deploy/web --limits=cpu=200m,memory=128Mi
"""


@click.group("set", help=HELP)
def set_() -> None:
    """Change parts of a pod template."""


def template_spec(value: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The pod spec inside a workload, and the path to it. Raises click.ClickException when there is none."""
    spec = value.get("spec") or {}
    if "jobTemplate" in spec:
        return spec["jobTemplate"]["spec"]["template"]["spec"], ["spec", "jobTemplate", "spec", "template", "spec"]
    if "template" in spec:
        return spec["template"]["spec"], ["spec", "template", "spec"]
    if "containers" in spec:
        return spec, ["spec"]
    raise click.ClickException(f"{value.get('kind', 'this object')} has no pod template")


def _targets_and_pairs(session: Session, words: tuple[str, ...]) -> tuple[list[Target], list[str]]:
    pairs = [word for word in words if "=" in word or (word.endswith("-") and "/" not in word and word != words[0])]
    named = [word for word in words if word not in pairs]
    if stray := next((word for word in named[1:] if "/" in named[0] and "/" not in word), ""):
        raise click.UsageError(f"{stray!r} changes nothing: write NAME=VALUE")
    targets = parse_targets(session.resources, named, session.namespace)
    if any(not target.name for target in targets):
        raise click.UsageError("name the workload: TYPE/NAME")
    return targets, pairs


async def _change(client: Client, target: Target, change: Any, done: str, dry_run: str) -> None:
    """Patch the containers that `change(container)` returns something for."""
    value = orjson.loads(await client.get(target.ref))
    spec, path = template_spec(value)
    patch: dict[str, Any] = {}
    for field in ("initContainers", "containers"):
        changed = [{"name": each["name"], **new} for each in spec.get(field) or () if (new := change(each)) is not None]
        if changed:
            patch[field] = changed
    if not patch:
        return
    for step in reversed(path):
        patch = {step: patch}
    if dry_run != "client":
        body = orjson.dumps(patch)
        await client.patch(target.ref, body, PatchType.STRATEGIC, dry_run=dry_run == "server", manager="pyk8s-set")
    click.echo(f"{target.label} {done}")


@set_.command("image")
@click.argument("words", nargs=-1, metavar="TYPE/NAME CONTAINER=IMAGE…", shell_complete=completion.targets)
@options.dry_run
@options.connected
def image(session: Session, words: tuple[str, ...], dry_run: str) -> None:
    """New images: CONTAINER=IMAGE, or '*=IMAGE' for all containers.

    \b
    Examples:
      pyk8s set image deploy/web main=shop:2
      pyk8s set image deploy/web '*=shop:2'
    """
    targets, pairs = _targets_and_pairs(session, words)
    images = generators.pairs(pairs, "set image")
    if not images:
        raise click.UsageError("say which: CONTAINER=IMAGE")
    for each in images.values():
        generators.checked_image(each)

    async def work(client: Client) -> None:
        for target in targets:
            spec, _ = template_spec(orjson.loads(await client.get(target.ref)))
            known = {each["name"] for field in ("initContainers", "containers") for each in spec.get(field) or ()}
            for name in images:
                if name != "*" and name not in known:
                    there = ", ".join(sorted(known))
                    raise click.ClickException(f"{target.label} has no container {name!r} (it has: {there})")

            def change(container: dict[str, Any]) -> dict[str, Any] | None:
                wanted = images.get(container["name"], images.get("*"))
                return {"image": wanted} if wanted and wanted != container.get("image") else None

            await _change(client, target, change, "image updated", dry_run)

    session.run(work)


@set_.command("env")
@click.argument("words", nargs=-1, metavar="TYPE/NAME NAME=VALUE… NAME-…", shell_complete=completion.targets)
@click.option("-c", "--containers", default="*", metavar="NAME", help="Only this container.")
@click.option("--list", "only_list", is_flag=True, help="Show the variables.")
@options.dry_run
@options.connected
def env(session: Session, words: tuple[str, ...], containers: str, only_list: bool, dry_run: str) -> None:
    """Environment variables: NAME=VALUE sets, NAME- removes.

    \b
    Examples:
      pyk8s set env deploy/web LEVEL=debug OLD-
      pyk8s set env deploy/web --list
    """
    targets, pairs = _targets_and_pairs(session, words)
    wanted: list[dict[str, Any]] = []
    for pair in pairs:
        name, equals, value = pair.partition("=")
        wanted.append({"name": name, "value": value} if equals else {"name": pair[:-1], "$patch": "delete"})
    if not wanted and not only_list:
        raise click.UsageError("say which: NAME=VALUE or NAME-")

    def change(container: dict[str, Any]) -> dict[str, Any] | None:
        return {"env": wanted} if containers in ("*", container["name"]) else None

    async def work(client: Client) -> None:
        for target in targets:
            if not only_list:
                await _change(client, target, change, "env updated", dry_run)
                continue
            spec, _ = template_spec(orjson.loads(await client.get(target.ref)))
            for container in spec.get("containers") or ():
                click.echo(f"# {target.label}, container {container['name']}")
                for each in container.get("env") or ():
                    click.echo(f"{each['name']}={each.get('value', '<from elsewhere>')}")

    session.run(work)


@set_.command("resources")
@click.argument("words", nargs=-1, metavar="TYPE/NAME", shell_complete=completion.targets)
@click.option("-c", "--containers", default="*", metavar="NAME", help="Only this container.")
@click.option("--requests", default="", metavar="cpu=…,memory=…", help="What it asks for.")
@click.option("--limits", default="", metavar="cpu=…,memory=…", help="What it may use.")
@options.dry_run
@options.connected
def resources(
    session: Session, words: tuple[str, ...], containers: str, requests: str, limits: str, dry_run: str
) -> None:
    """Requests and limits.

    \b
    Examples:
      pyk8s set resources deploy/web --requests cpu=100m,memory=64Mi --limits memory=128Mi
    """
    needs = generators.resources(requests, limits)
    if not needs:
        raise click.UsageError("give --requests or --limits")
    targets = parse_targets(session.resources, words, session.namespace)

    def change(container: dict[str, Any]) -> dict[str, Any] | None:
        return {"resources": needs} if containers in ("*", container["name"]) else None

    async def work(client: Client) -> None:
        for target in targets:
            await _change(client, target, change, "resource requirements updated", dry_run)

    session.run(work)
