"""`pyk8s patch`: a change written as a patch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import orjson

from pyk8s.cli import completion, manifests, options
from pyk8s.cli.printers.output import parse_output
from pyk8s.cli.session import Session
from pyk8s.cli.targets import parse_targets
from pyk8s.client.interface import Client, PatchType

HELP = """Change fields of an object.

\b
Examples:
  pyk8s patch deploy web -p '{"spec":{"replicas":3}}'
  pyk8s patch pod web --type=json -p '[{"op":"remove","path":"/metadata/labels/x"}]'
  pyk8s patch node node-1 --patch-file=change.yaml
"""

TYPES = {"strategic": PatchType.STRATEGIC, "merge": PatchType.MERGE, "json": PatchType.JSON}


@click.command("patch", help=HELP)
@click.argument("words", nargs=-1, metavar="TYPE NAME | TYPE/NAME", shell_complete=completion.targets)
@click.option("-p", "--patch", "text", default="", metavar="PATCH", help="The patch as JSON or YAML.")
@click.option("--patch-file", default="", metavar="FILE", help="The patch in a file.")
@click.option("--type", "kind", type=click.Choice(list(TYPES)), default="strategic", show_default=True)
@click.option("--subresource", type=click.Choice(["status", "scale"]), default=None, help="Patch this subresource.")
@options.output
@options.dry_run
@options.connected
def patch(session: Session, words: tuple[str, ...], text: str, patch_file: str, kind: str, **flags: Any) -> None:
    """Change fields of an object."""
    body = orjson.dumps(read_patch(text, patch_file, kind))
    targets = parse_targets(session.resources, words, session.namespace)
    if any(not target.name for target in targets):
        raise click.UsageError("name what to patch: TYPE/NAME")
    printer = parse_output(flags["output"])

    async def work(client: Client) -> None:
        for target in targets:
            place = target.ref.sub(flags["subresource"] or "")
            before = orjson.loads(await client.get(place))
            after = before
            if flags["dry_run"] != "client":
                dry = flags["dry_run"] == "server"
                answer = await client.patch(place, body, TYPES[kind], dry_run=dry, manager="pyk8s-patch")
                after = orjson.loads(answer)
            if printer.render is not None:
                click.echo(printer.render(after), nl=False)
            else:
                same = before["metadata"].get("resourceVersion") == after["metadata"].get("resourceVersion")
                click.echo(f"{target.label} patched{' (no change)' if same and flags['dry_run'] == 'none' else ''}")

    session.run(work)


def _bounded(file: Path) -> str:
    with file.open("rb") as opened:
        data = opened.read(manifests.MAX_BYTES + 1)
    if len(data) > manifests.MAX_BYTES:
        raise click.UsageError(f"--patch-file {file} is larger than {manifests.MAX_BYTES // 1024 // 1024} MiB")
    return data.decode()


def read_patch(text: str, file: str, kind: str) -> Any:
    """The patch as a value. Raises click.UsageError when it is not one."""
    if bool(text) == bool(file):
        raise click.UsageError("give the patch with one of -p and --patch-file")
    source = "-p" if text else f"--patch-file {file}"
    try:
        body = text or _bounded(Path(file))
        documents = manifests.values(body, source)
    except OSError as why:
        raise click.UsageError(f"cannot read {file}: {why.strerror}") from why
    except UnicodeDecodeError as why:
        raise click.UsageError(f"{source}: not UTF-8 text (byte {why.start})") from why
    except manifests.ManifestInvalid as why:
        raise click.UsageError(str(why)) from why
    value = documents[0] if len(documents) == 1 else None
    wanted = list if kind == "json" else dict
    if not isinstance(value, wanted):
        noun = "a list of operations" if kind == "json" else "an object"
        raise click.UsageError(f"{source}: a patch of type {kind} must be {noun}")
    return value
