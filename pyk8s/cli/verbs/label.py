"""`pyk8s label` and `pyk8s annotate`: notes on objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import orjson

from pyk8s.cli import completion, manifests, options
from pyk8s.cli.failures import Failures
from pyk8s.cli.session import Session
from pyk8s.cli.targets import Target, of_manifest, parse_targets
from pyk8s.client.interface import Client, PatchType

HELP = """Set or remove {what}s: KEY=VALUE sets, KEY- removes.

\b
Examples:
  pyk8s {verb} pod web-1 tier=front
  pyk8s {verb} node node-1 disk-
  pyk8s {verb} pods --all checked=yes --overwrite
"""


def _command(verb: str, what: str, field: str) -> click.Command:
    @click.command(verb, help=HELP.format(verb=verb, what=what))
    @click.argument("words", nargs=-1, metavar="TYPE NAME… KEY=VALUE… KEY-…", shell_complete=completion.targets)
    @options.filenames
    @options.selectors
    @options.all_namespaces
    @click.option("--all", "everything", is_flag=True, help="All objects of the type.")
    @click.option("--overwrite", is_flag=True, help="A key may have another value already.")
    @click.option("--list", "only_list", is_flag=True, help="Show them.")
    @options.dry_run
    @options.connected
    def command(session: Session, words: tuple[str, ...], **flags: Any) -> None:
        names, changes = split_words(words)
        if not changes and not flags["only_list"]:
            raise click.UsageError(f"say which {what}s: KEY=VALUE or KEY-")
        if flags["files"]:
            read = manifests.read(flags["files"], recursive=flags["recursive"])
            targets = [of_manifest(session.resources, each, session.namespace) for each in read]
        else:
            namespace = "" if flags["all_namespaces"] else session.namespace
            targets = parse_targets(session.resources, names, namespace)
        session.run(lambda client: _change_all(client, targets, field, changes, flags))

    command.__doc__ = f"Set or remove {what}s."
    return command


def split_words(words: Sequence[str]) -> tuple[list[str], dict[str, str | None]]:
    """The words that name objects, and the changes: key -> value, None to remove it.

    Raises click.UsageError for a key that is both set and removed.
    """
    names: list[str] = []
    changes: dict[str, str | None] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if equals and not changes.get(word, "") and key:
            change: str | None = value
        elif word.endswith("-") and names and len(word) > 1:
            key, change = word[:-1], None
        else:
            names.append(word)
            continue
        if key in changes and changes[key] != change:
            raise click.UsageError(f"{key} cannot be both set and removed")
        changes[key] = change
    return names, changes


async def _change_all(
    client: Client, targets: Sequence[Target], field: str, changes: dict[str, str | None], flags: dict[str, Any]
) -> None:
    members, failures = [], Failures()
    for target in targets:
        if target.name:
            with failures.each():
                members.append((target, orjson.loads(await client.get(target.ref))))
            continue
        if not (flags["everything"] or flags["selector"] or flags["field_selector"] or flags["only_list"]):
            raise click.UsageError("say which: a name, a selector (-l), or --all")
        for body in (await client.list(target.ref, labels=flags["selector"], fields=flags["field_selector"])).items:
            value = orjson.loads(body)
            metadata = value["metadata"]
            members.append((Target(target.resource, metadata["name"], metadata.get("namespace", "")), value))
    for target, value in members:
        held = value["metadata"].get(field) or {}
        if flags["only_list"]:
            click.echo("".join(f"{key}={text}\n" for key, text in sorted(held.items())), nl=False)
            continue
        with failures.each():
            text = judge_change(target, held, changes, flags["overwrite"], field)
            if text != "not changed" and flags["dry_run"] != "client":
                patch = orjson.dumps({"metadata": {field: changes}})
                dry = flags["dry_run"] == "server"
                await client.patch(target.ref, patch, PatchType.MERGE, dry_run=dry, manager="pyk8s-label")
            click.echo(f"{target.label} {text}")
    failures.tell()


def judge_change(
    target: Target, held: dict[str, str], changes: dict[str, str | None], overwrite: bool, field: str
) -> str:
    """What the change does, in a word. Raises click.ClickException when it would replace a value without leave."""
    for key, value in changes.items():
        if value is not None and key in held and held[key] != value and not overwrite:
            noun = field.removesuffix("s")
            raise click.ClickException(
                f"{target.label}: the {noun} {key!r} has the value {held[key]!r} already: use --overwrite to replace it"
            )
    if all(held.get(key) == value for key, value in changes.items()):
        return "not changed"
    if all(value is None for value in changes.values()):
        return "unlabeled" if field == "labels" else "annotated"
    return "labeled" if field == "labels" else "annotated"


label = _command("label", "label", "labels")
annotate = _command("annotate", "annotation", "annotations")
