"""`pyk8s scale`: how many replicas."""

from __future__ import annotations

from typing import Any

import click
import orjson

from pyk8s.api.errors import ApiError
from pyk8s.cli import completion, manifests, options
from pyk8s.cli.session import Session
from pyk8s.cli.targets import Target, of_manifest, parse_targets
from pyk8s.client.interface import Client, PatchType

HELP = """Set the number of replicas.

\b
Examples:
  pyk8s scale deploy/web --replicas=5
  pyk8s scale --current-replicas=2 --replicas=3 deployment web
"""


@click.command("scale", help=HELP)
@click.argument("words", nargs=-1, metavar="TYPE NAME… | TYPE/NAME…", shell_complete=completion.targets)
@options.filenames
@click.option("--replicas", type=click.IntRange(0, 2**31 - 1), required=True, help="How many there shall be.")
@click.option("--current-replicas", type=click.IntRange(0), default=None, help="Only if there are so many now.")
@options.output
@options.dry_run
@options.connected
def scale(session: Session, words: tuple[str, ...], **flags: Any) -> None:
    """Set the number of replicas."""
    if flags["files"]:
        read = manifests.read(flags["files"], recursive=flags["recursive"])
        targets = [of_manifest(session.resources, each, session.namespace) for each in read]
    else:
        targets = parse_targets(session.resources, words, session.namespace)
    for target in targets:
        if not target.name:
            raise click.UsageError("name what to scale: TYPE/NAME")
        if "scale" not in target.resource.subresources:
            raise click.ClickException(f"{target.label} cannot be scaled")
    session.run(lambda client: _scale_all(client, targets, flags))


async def _scale_all(client: Client, targets: list[Target], flags: dict[str, Any]) -> None:
    for target in targets:
        place = target.ref.sub("scale")
        patch: dict[str, Any] = {"spec": {"replicas": flags["replicas"]}}
        if flags["current_replicas"] is not None:
            now = orjson.loads(await client.get(place))
            found = (now.get("spec") or {}).get("replicas", 0)
            if found != flags["current_replicas"]:
                raise click.ClickException(
                    f"{target.label} has {found} replicas, not the {flags['current_replicas']} of --current-replicas"
                )
            patch["metadata"] = {"resourceVersion": now["metadata"]["resourceVersion"]}
        if flags["dry_run"] != "client":
            try:
                dry = flags["dry_run"] == "server"
                await client.patch(place, orjson.dumps(patch), PatchType.MERGE, dry_run=dry, manager="pyk8s-scale")
            except ApiError as why:
                if why.reason == "NotFound" and not why.name:
                    raise click.ClickException(f"{target.label} cannot be scaled") from why
                raise
        click.echo(target.label if flags["output"] == "name" else f"{target.label} scaled")
