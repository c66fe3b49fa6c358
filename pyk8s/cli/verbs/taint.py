"""`pyk8s taint`: keep pods that do not tolerate it away from a node."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import click
import orjson

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import NODES, Ref
from pyk8s.api.syntax import label_value, qualified_name
from pyk8s.cli import completion, options
from pyk8s.cli.failures import Failures
from pyk8s.cli.session import Session
from pyk8s.client.interface import Client, PatchType

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")

ATTEMPTS = 5
"""How often a change is made anew when the node changed in between."""

HELP = """Set or remove taints: KEY[=VALUE]:EFFECT sets, KEY[:EFFECT]- removes.

\b
EFFECT is NoSchedule, PreferNoSchedule or NoExecute.
\b
Examples:
  pyk8s taint nodes node-1 dedicated=db:NoSchedule
  pyk8s taint nodes node-1 dedicated:NoSchedule-
  pyk8s taint nodes -l disk=ssd dedicated-
"""

Taint = dict[str, Any]

_CHANGE = re.compile(r"(?P<key>[^=:]+)(=(?P<value>[^:]*))?(:(?P<effect>[A-Za-z]+))?")


@click.command("taint", help=HELP)
@click.argument("words", nargs=-1, metavar="nodes NODE… CHANGE…", shell_complete=completion.targets)
@click.option("-l", "--selector", default="", metavar="LABELS", help="All nodes with these labels.")
@click.option("--all", "everything", is_flag=True, help="All nodes.")
@click.option("--overwrite", is_flag=True, help="A taint may have another value already.")
@options.dry_run
@options.connected
def taint(session: Session, words: tuple[str, ...], selector: str, everything: bool, **flags: Any) -> None:
    """Set or remove taints."""
    names, changes = split_words(words)
    if sum((bool(names), bool(selector), everything)) != 1:
        raise click.UsageError("name nodes, or give a selector (-l), or --all")

    async def work(client: Client) -> None:
        nodes = [NODES.of(name) for name in names]
        if not names:
            listing = await client.list(NODES, labels=selector)
            nodes = [NODES.of(orjson.loads(body)["metadata"]["name"]) for body in listing.items]
        if not nodes:
            raise click.ClickException("no nodes match")
        failures = Failures()
        for node in nodes:
            with failures.each():
                click.echo(f"node/{node.name} {await _change(client, node, changes, flags)}")
        failures.tell()

    session.run(work)


def split_words(words: Sequence[str]) -> tuple[list[str], list[Taint]]:
    """The nodes that are named, and the changes: taints, those to be removed with `gone`. Raises click.UsageError."""
    kind, *rest = words or ("",)
    if kind.startswith(("node/", "nodes/", "no/")):
        kind, rest = "nodes", [kind.partition("/")[2], *rest]
    if kind not in ("node", "nodes", "no"):
        raise click.UsageError("taints are for nodes: pyk8s taint nodes NODE KEY=VALUE:EFFECT")
    names: list[str] = []
    changes: list[Taint] = []
    for word in rest:
        if changes or "=" in word or ":" in word or word.endswith("-"):
            changes.append(parse_change(word))
        else:
            names.append(word)
    if not changes:
        raise click.UsageError("say which taint: KEY[=VALUE]:EFFECT, or KEY[:EFFECT]- to remove it")
    ids = [(each["key"], each["effect"]) for each in changes]
    if len(set(ids)) != len(ids):
        raise click.UsageError("a taint of the same key and effect is given twice")
    return names, changes


def parse_change(text: str) -> Taint:
    """One change: key, value, effect ("" for all, when it is removed), gone. Raises click.UsageError."""
    gone = text.endswith("-")
    found = _CHANGE.fullmatch(text.removesuffix("-"))
    parts = found.groupdict(default="") if found else {"effect": ""}
    fits = parts["effect"] in EFFECTS or (gone and not parts["effect"])
    if not found or not fits:
        raise click.UsageError(
            f"{text!r} must be KEY[=VALUE]:EFFECT, or KEY[:EFFECT]- to remove it; EFFECT is {', '.join(EFFECTS)}"
        )
    if problems := qualified_name(parts["key"]) or label_value(parts["value"]):
        raise click.UsageError(f"{text!r}: {problems[0]}")
    return {**parts, "gone": gone}


def changed(held: Sequence[Taint], changes: Sequence[Taint], *, overwrite: bool) -> list[Taint]:
    """The taints of a node after `changes`. Raises click.ClickException for one that is not there, or is already."""
    taints = list(held)
    for change in changes:
        same = [
            each
            for each in taints
            if each["key"] == change["key"] and (not change["effect"] or each["effect"] == change["effect"])
        ]
        name = f"{change['key']}:{change['effect']}" if change["effect"] else change["key"]
        if change["gone"]:
            if not same:
                raise click.ClickException(f'taint "{name}" not found')
            taints = [each for each in taints if each not in same]
            continue
        new = {"key": change["key"], "effect": change["effect"]} | (
            {"value": change["value"]} if change["value"] else {}
        )
        if same and same[0].get("value", "") != change["value"] and not overwrite:
            raise click.ClickException(
                f"it has the taint {name} already, with the value {same[0].get('value', '')!r}: "
                "use --overwrite to replace it"
            )
        if not same or same[0].get("value", "") != change["value"]:
            taints = [each for each in taints if each not in same] + [new]
    return taints


async def _change(client: Client, node: Ref, changes: Sequence[Taint], flags: dict[str, Any]) -> str:
    """Change the node's taints; what was done, in a word."""
    for attempt in range(ATTEMPTS):
        value = orjson.loads(await client.get(node))
        held = (value.get("spec") or {}).get("taints") or []
        try:
            wanted = changed(held, changes, overwrite=flags["overwrite"])
        except click.ClickException as why:
            raise click.ClickException(f"node/{node.name}: {why.message}") from None
        word = "untainted" if all(change["gone"] for change in changes) else "tainted"
        if wanted == held:
            return "not changed"
        if flags["dry_run"] == "client":
            return f"{word} (dry run)"
        dry = flags["dry_run"] == "server"
        metadata = {"resourceVersion": value["metadata"]["resourceVersion"]}
        patch = orjson.dumps({"metadata": metadata, "spec": {"taints": wanted or None}})
        try:
            await client.patch(node, patch, PatchType.MERGE, dry_run=dry, manager="pyk8s-taint")
        except ApiError as why:
            if why.reason != "Conflict" or attempt == ATTEMPTS - 1:
                raise
            continue
        return f"{word} (server dry run)" if dry else word
    raise AssertionError("the last attempt raises")
