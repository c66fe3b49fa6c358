"""`pyk8s apply`: make objects as manifests say; what others changed stays.

What was applied last time is kept in an annotation, so that a field which has left the manifest leaves the object too.
Source: Kubernetes documentation, "Declarative Management of Kubernetes Objects Using Configuration Files".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import orjson

from pyk8s.api.errors import ApiError
from pyk8s.api.patch import three_way
from pyk8s.api.schema import Schema, Shape
from pyk8s.cli import manifests, options
from pyk8s.cli.failures import HOPELESS, Failures
from pyk8s.cli.printers.output import Output, parse_output
from pyk8s.cli.session import Session, warn
from pyk8s.cli.targets import Target, of_manifest
from pyk8s.client.interface import Client, PatchType

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
MANAGER = "pyk8s-client-side-apply"

MAX_NOTES = 256 * 1024
"""Bytes of annotations that an object may have. Source: apimachinery, pkg/api/validation, TotalAnnotationSizeLimitB."""

ATTEMPTS = 5
"""How often a patch is made anew when the object changed in between."""

HELP = """Make objects as the manifests say.

\b
Examples:
  pyk8s apply -f web.yaml
  pyk8s apply -f manifests/ -R
  helm template shop | pyk8s apply -f -
  pyk8s apply -f web.yaml --dry-run=server -o yaml
"""


@click.command("apply", help=HELP)
@options.filenames
@click.option("-l", "--selector", default="", metavar="LABELS", help="Only manifests with these labels.")
@click.option(
    "--prune", is_flag=True, help="Delete what was applied before, has the labels, and is in no manifest now."
)
@click.option("--overwrite/--no-overwrite", default=True, hidden=True)
@options.output
@options.dry_run
@options.connected
def apply(session: Session, files: tuple[str, ...], recursive: bool, selector: str, prune: bool, **flags: Any) -> None:
    """Make objects as the manifests say."""
    if not files:
        raise click.UsageError("say which manifests: -f FILE, -f FOLDER or -f -")
    if prune and not selector:
        raise click.UsageError("--prune needs -l: it deletes only what has these labels")
    found = selected(manifests.read(files, recursive=recursive), selector)
    enforced = bool(session.given_namespace)
    targets = [of_manifest(session.resources, each, session.namespace, enforced=enforced) for each in found]
    for manifest in found:
        if not manifest.name:
            raise manifests.ManifestInvalid(
                f"{manifest.source}: apply needs metadata.name; generateName works with create"
            )
    printer = parse_output(flags["output"])

    async def work(client: Client) -> None:
        failures = Failures()
        for manifest, target in zip(found, targets, strict=True):
            with failures.each():
                try:
                    await apply_one(client, manifest, target, printer, flags["dry_run"])
                except ApiError as why:
                    if why.code in HOPELESS:
                        raise
                    raise click.ClickException(f"{manifest.source}: {target.label}: {why.message}") from why
        if prune and not failures:
            await _prune(client, targets, selector, flags["dry_run"])
        failures.tell()

    session.run(work)


def selected(found: list[manifests.Manifest], selector: str) -> list[manifests.Manifest]:
    """Those of the manifests whose labels the selector wants."""
    if not selector:
        return found
    from pyk8s.api.selectors import parse_labels

    wanted = parse_labels(selector)
    return [each for each in found if wanted.matches(each.object["metadata"].get("labels") or {})]


def annotated(value: dict[str, Any]) -> dict[str, Any]:
    """The object with itself in the annotation that the next apply compares with."""
    metadata = dict(value["metadata"])
    notes = {key: text for key, text in (metadata.get("annotations") or {}).items() if key != LAST_APPLIED}
    plain = {**value, "metadata": {**metadata, "annotations": notes}}
    text = orjson.dumps(plain, option=orjson.OPT_SORT_KEYS).decode() + "\n"
    return {**value, "metadata": {**metadata, "annotations": {**notes, LAST_APPLIED: text}}}


def notes_size(value: dict[str, Any]) -> int:
    """Bytes of all annotations, as the API counts them."""
    notes = value["metadata"].get("annotations") or {}
    return sum(len(str(key).encode()) + len(str(text).encode()) for key, text in notes.items())


def change(shape: Shape | None, current: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """The patch that makes `current` as `wanted` says; {} when it is so already. What was applied last time and is not
    wanted any more goes."""
    held = (current["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    try:
        original = orjson.loads(held) if held else {}
    except ValueError:
        original = {}
    return three_way(shape, original, wanted, current)


def applied(value: dict[str, Any], target: Target) -> dict[str, Any]:
    """The manifest as it is sent: in the target's namespace."""
    metadata = {**value["metadata"], **({"namespace": target.namespace} if target.namespace else {})}
    return {**value, "metadata": metadata}


def patch_for(target: Target, current: dict[str, Any], wanted: dict[str, Any]) -> tuple[dict[str, Any], PatchType]:
    """The patch that makes `current` as `wanted` says, {} when it is so already; and its type."""
    schema = Schema.builtin()
    shape = schema.shape(target.resource.definition) if target.resource.definition in schema else None
    return change(shape, current, wanted), PatchType.STRATEGIC if shape is not None else PatchType.MERGE


async def apply_one(
    client: Client, manifest: manifests.Manifest, target: Target, printer: Output, dry_run: str
) -> None:
    """Create the object or patch it, and say which."""
    body = applied(manifest.object, target)
    if notes_size(annotated(body)) > MAX_NOTES:
        raise manifests.ManifestInvalid(
            f"{manifest.source}: {target.label} is too large for apply, which keeps a copy of it among its annotations "
            f"(at most {MAX_NOTES // 1024} KiB): use `pyk8s create -f`, and `pyk8s replace -f` when it is there"
        )
    answer, word = await _apply(client, body, target, dry_run)
    if printer.render is not None:
        click.echo(printer.render(answer), nl=False)
        return
    suffix = {"client": " (dry run)", "server": " (server dry run)"}.get(dry_run, "")
    click.echo(f"{target.label} {word}{suffix}")


async def _apply(client: Client, body: dict[str, Any], target: Target, dry_run: str) -> tuple[dict[str, Any], str]:
    dry = dry_run == "server"
    for attempt in range(ATTEMPTS):
        current = await current_of(client, target)
        if current is None:
            try:
                return await _create(client, body, target, dry_run), "created"
            except ApiError as why:
                # Another was faster: what it made is changed as the manifest says.
                if why.reason != "AlreadyExists" or attempt == ATTEMPTS - 1:
                    raise
                continue
        if LAST_APPLIED not in (current["metadata"].get("annotations") or {}):
            warn(
                f"{target.label} was not made by apply; it is changed as the manifest says, and fields that the "
                "manifest does not name stay"
            )
        patch, kind = patch_for(target, current, annotated(body))
        if not patch:
            return current, "unchanged"
        if dry_run == "client":
            return {**current, **{key: value for key, value in body.items() if key != "metadata"}}, "configured"
        try:
            answer = await client.patch(
                target.ref, orjson.dumps(patch), kind, dry_run=dry, strict=True, manager=MANAGER
            )
            return orjson.loads(answer), "configured"
        except ApiError as why:
            if why.reason not in ("Conflict", "NotFound") or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt raises")


async def current_of(client: Client, target: Target) -> dict[str, Any] | None:
    """The object as it is, None when there is none."""
    try:
        value: dict[str, Any] = orjson.loads(await client.get(target.ref))
    except ApiError as why:
        if why.reason == "NotFound":
            return None
        raise
    return value


async def _create(client: Client, body: dict[str, Any], target: Target, dry_run: str) -> dict[str, Any]:
    made = annotated(body)
    if dry_run == "client":
        return made
    collection = target.resource.ref(target.namespace)
    answer = await client.create(
        collection, orjson.dumps(made), dry_run=dry_run == "server", strict=True, manager=MANAGER
    )
    value: dict[str, Any] = orjson.loads(answer)
    return value


async def _prune(client: Client, targets: Sequence[Target], selector: str, dry_run: str) -> None:
    """Delete objects of the kinds and namespaces that were applied, which have the labels and are not among them."""
    kept = {(target.resource, target.namespace, target.name) for target in targets}
    for resource, namespace in sorted({(t.resource, t.namespace) for t in targets}, key=lambda each: each[0].plural):
        for body in (await client.list(resource.ref(namespace), labels=selector)).items:
            metadata = orjson.loads(body)["metadata"]
            ours = LAST_APPLIED in (metadata.get("annotations") or {})
            if not ours or (resource, namespace, metadata["name"]) in kept:
                continue
            gone = Target(resource, metadata["name"], namespace)
            if dry_run != "client":
                await client.delete(gone.ref, dry_run=dry_run == "server", uid=metadata["uid"])
            click.echo(f"{gone.label} pruned")
