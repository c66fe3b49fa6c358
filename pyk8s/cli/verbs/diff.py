"""`pyk8s diff`: what `apply` would change, as the server would store it, without changing anything.

Exit codes as kubectl's: 0 when nothing would change, 1 when something would, above 1 when it cannot be said. Source:
`kubectl diff --help`.
"""

from __future__ import annotations

import copy
import difflib
from typing import Any

import click
import orjson

from pyk8s.cli import manifests, options
from pyk8s.cli.failures import Failures
from pyk8s.cli.printers.output import to_yaml
from pyk8s.cli.session import Session
from pyk8s.cli.targets import Target, of_manifest
from pyk8s.cli.verbs.apply import LAST_APPLIED, MANAGER, applied, current_of, patch_for, selected
from pyk8s.client.interface import Client

DIFFERS, TROUBLE = 1, 2
"""Exit codes beside 0."""

HELP = """Show what apply would change.

\b
Ends with 0 when nothing would change, with 1 when something would, with more when it cannot be said.

\b
Examples:
  pyk8s diff -f web.yaml
  pyk8s diff -f manifests/ -R && echo all is as the manifests say
"""

Object = dict[str, Any]


class _Trouble(click.ClickException):
    exit_code = TROUBLE


@click.command("diff", help=HELP)
@options.filenames
@click.option("-l", "--selector", default="", metavar="LABELS", help="Only manifests with these labels.")
@options.connected
def diff(session: Session, files: tuple[str, ...], recursive: bool, selector: str) -> None:
    """Show what apply would change."""
    if not files:
        raise click.UsageError("say which manifests: -f FILE, -f FOLDER or -f -")
    try:
        text = _differences(session, files, recursive, selector)
    except click.UsageError:
        raise
    except Exception as why:
        from pyk8s.cli.main import describe, leaves

        said = [
            each.format_message() if isinstance(each, click.ClickException) else describe(each) for each in leaves(why)
        ]
        raise _Trouble("\n".join(dict.fromkeys(said))) from why
    click.echo(text, nl=False)
    if text:
        click.get_current_context().exit(DIFFERS)


def _differences(session: Session, files: tuple[str, ...], recursive: bool, selector: str) -> str:
    found = selected(manifests.read(files, recursive=recursive), selector)
    enforced = bool(session.given_namespace)
    pairs = [(each, of_manifest(session.resources, each, session.namespace, enforced=enforced)) for each in found]
    for manifest, target in pairs:
        if not target.name:
            raise manifests.ManifestInvalid(f"{manifest.source}: diff needs metadata.name")

    async def work(client: Client) -> str:
        failures, texts = Failures(), []
        for manifest, target in pairs:
            with failures.each():
                live, wanted = await _sides(client, applied(manifest.object, target), target)
                texts.append(difference(target, live, wanted))
        failures.tell()
        return "".join(texts)

    return session.run(work)


async def _sides(client: Client, body: Object, target: Target) -> tuple[Object | None, Object]:
    """The object as it is, None when there is none, and as the server would store it."""
    live = await current_of(client, target)
    if live is None:
        collection = target.resource.ref(target.namespace)
        made = await client.create(collection, orjson.dumps(body), dry_run=True, strict=True, manager=MANAGER)
        return None, orjson.loads(made)
    # Also when it names no annotations: what apply notes there is no difference.
    noted = {**body["metadata"], "annotations": body["metadata"].get("annotations") or {}}
    patch, kind = patch_for(target, live, {**body, "metadata": noted})
    if not patch:
        return live, live
    changed = await client.patch(target.ref, orjson.dumps(patch), kind, dry_run=True, strict=True, manager=MANAGER)
    return live, orjson.loads(changed)


def difference(target: Target, live: Object | None, wanted: Object) -> str:
    """The unified difference of an object as it is (None: it is not there) and as it would be; "" when they are alike.
    What apply notes for itself and what is in a Secret is not shown."""
    before, after = _shown(live), _shown(wanted)
    if target.resource.kind == "Secret" and not target.resource.group:
        _mask(before, after)
    name = ".".join(filter(None, (target.resource.api_version.replace("/", "."), target.resource.kind)))
    name = ".".join(filter(None, (name, target.namespace, target.name)))
    old, new = (to_yaml(each).splitlines(keepends=True) if each else [] for each in (before, after))
    return "".join(difflib.unified_diff(old, new, f"live/{name}", f"merged/{name}"))


def _shown(value: Object | None) -> Object:
    if value is None:
        return {}
    shown = copy.deepcopy(value)
    metadata = shown["metadata"]
    metadata.pop("managedFields", None)
    (metadata.get("annotations") or {}).pop(LAST_APPLIED, None)
    if not metadata.get("annotations"):
        metadata.pop("annotations", None)
    return shown


def _mask(before: Object, after: Object) -> None:
    """Hide what the entries of a Secret are, but not whether they change."""
    for field in ("data", "stringData"):
        old, new = before.get(field) or {}, after.get(field) or {}
        for key in old.keys() | new.keys():
            differs = key in old and key in new and old[key] != new[key]
            if key in old:
                old[key] = "*** (before)" if differs else "***"
            if key in new:
                new[key] = "*** (after)" if differs else "***"
