"""`pyk8s replace`: objects put in the place of those that are there, whole."""

from __future__ import annotations

from typing import Any

import click
import orjson

from pyk8s.api.errors import ApiError
from pyk8s.cli import manifests, options
from pyk8s.cli.failures import Failures
from pyk8s.cli.printers.output import Output, parse_output
from pyk8s.cli.session import Session
from pyk8s.cli.targets import Target, of_manifest
from pyk8s.cli.waiting import until_gone
from pyk8s.client.interface import Client

MANAGER = "pyk8s-replace"

ATTEMPTS = 5
"""How often an object whose manifest names no version is replaced anew when it changed in between."""

HELP = """Put objects in the place of those that are there: what the manifest does not say is gone.

\b
Examples:
  pyk8s replace -f web.yaml
  pyk8s get deploy web -o yaml | sed 's/:1/:2/' | pyk8s replace -f -
  pyk8s replace --force -f job.yaml
"""


@click.command("replace", help=HELP)
@options.filenames
@click.option("--force", is_flag=True, help="Delete the object and create it anew: for fields that cannot change.")
@click.option("--grace-period", type=click.IntRange(0), default=None, help="With --force: seconds to end in.")
@options.output
@options.dry_run
@options.connected
def replace(session: Session, files: tuple[str, ...], recursive: bool, force: bool, **flags: Any) -> None:
    """Put objects in the place of those that are there."""
    if not files:
        raise click.UsageError("say which manifests: -f FILE, -f FOLDER or -f -")
    if flags["grace_period"] is not None and not force:
        raise click.UsageError("--grace-period needs --force: only then is anything deleted")
    found = manifests.read(files, recursive=recursive)
    enforced = bool(session.given_namespace)
    pairs = [(each, of_manifest(session.resources, each, session.namespace, enforced=enforced)) for each in found]
    for manifest, target in pairs:
        if not target.name:
            raise manifests.ManifestInvalid(f"{manifest.source}: replace needs metadata.name")
    printer = parse_output(flags["output"])

    async def work(client: Client) -> None:
        failures = Failures()
        for manifest, target in pairs:
            with failures.each():
                answer = await _replace(client, target, manifest.object, force, flags)
                _say(target, answer, printer, flags["dry_run"])
        failures.tell()

    session.run(work)


def _say(target: Target, answer: dict[str, Any], printer: Output, dry_run: str) -> None:
    if printer.render is not None:
        click.echo(printer.render(answer), nl=False)
        return
    suffix = {"client": " (dry run)", "server": " (server dry run)"}.get(dry_run, "")
    click.echo(f"{target.label} replaced{suffix}")


async def _replace(
    client: Client, target: Target, wanted: dict[str, Any], force: bool, flags: dict[str, Any]
) -> dict[str, Any]:
    if flags["dry_run"] == "client":
        await client.get(target.ref)
        return wanted
    if force and flags["dry_run"] == "none":
        return await _anew(client, target, wanted, flags["grace_period"])
    pinned = bool(wanted["metadata"].get("resourceVersion"))
    for attempt in range(ATTEMPTS):
        body = wanted
        if not pinned:
            held = orjson.loads(await client.get(target.ref))["metadata"]
            body = {**wanted, "metadata": {**wanted["metadata"], "resourceVersion": held["resourceVersion"]}}
        dry = flags["dry_run"] == "server"
        try:
            answer = await client.update(target.ref, orjson.dumps(body), dry_run=dry, strict=True, manager=MANAGER)
        except ApiError as why:
            if why.reason != "Conflict" or pinned or attempt == ATTEMPTS - 1:
                raise
            continue
        value: dict[str, Any] = orjson.loads(answer)
        return value
    raise AssertionError("the last attempt raises")


async def _anew(client: Client, target: Target, wanted: dict[str, Any], grace: int | None) -> dict[str, Any]:
    """Delete the object, if there is one, and create it when it is gone."""
    try:
        uid = orjson.loads(await client.get(target.ref))["metadata"]["uid"]
        await client.delete(target.ref, grace_seconds=grace, propagation="Background", uid=uid)
        await until_gone(client, target.ref, uid=uid)
    except ApiError as why:
        if why.reason != "NotFound":
            raise
    server_set = ("resourceVersion", "uid", "creationTimestamp", "generation", "managedFields")
    metadata = {field: value for field, value in wanted["metadata"].items() if field not in server_set}
    body = orjson.dumps({**wanted, "metadata": metadata})
    answer = await client.create(target.resource.ref(target.namespace), body, strict=True, manager=MANAGER)
    value: dict[str, Any] = orjson.loads(answer)
    return value
