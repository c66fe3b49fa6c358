"""`pyk8s edit`: an object in an editor."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import click
import orjson

from pyk8s.api.errors import ApiError
from pyk8s.cli import completion, manifests, options
from pyk8s.cli.printers.output import to_yaml
from pyk8s.cli.session import Session
from pyk8s.cli.targets import Target, parse_targets

HELP = """Edit an object in $EDITOR ($KUBE_EDITOR wins).

\b
Examples:
  pyk8s edit deploy/web
  KUBE_EDITOR=nano pyk8s edit configmap settings
"""

HEAD = """# Edit the object below. Lines that begin with '#' are left out; an empty file or no change does nothing.
# What is wrong is shown here when you save, and the file is opened again.
"""


@click.command("edit", help=HELP)
@click.argument("words", nargs=-1, metavar="TYPE NAME | TYPE/NAME", shell_complete=completion.targets)
@options.connected
def edit(session: Session, words: tuple[str, ...]) -> None:
    """Edit an object in an editor."""
    targets = parse_targets(session.resources, words, session.namespace)
    if any(not target.name for target in targets):
        raise click.UsageError("name what to edit: TYPE/NAME")
    for target in targets:
        _edit_one(session, target)


def _edit_one(session: Session, target: Target) -> None:
    value = orjson.loads(session.run(lambda client: client.get(target.ref)))
    value["metadata"].pop("managedFields", None)
    original = text = to_yaml(value)
    complaint = ""
    while True:
        edited = in_editor(HEAD + complaint + text)
        body = without_comments(edited)
        if not body.strip() or body == original:
            click.echo("Edit cancelled, no changes made.")
            return
        if complaint and body == text:
            raise click.ClickException(f"{target.label} was not changed: {complaint.removeprefix('# ').strip()}")
        text = body
        try:
            (manifest,) = manifests.parse(body, "the edited object")
            if manifest.name != target.name or manifest.kind != value["kind"]:
                raise manifests.ManifestInvalid("kind and metadata.name cannot be changed")
            _send(session, target, manifest.object)
        except (ApiError, ValueError) as why:
            complaint = "".join(f"# {line}\n" for line in str(why).splitlines())
            if isinstance(why, ApiError) and why.reason == "Conflict":
                complaint += "# Somebody else changed it meanwhile: copy your change, cancel, and edit again.\n"
            continue
        click.echo(f"{target.label} edited")
        return


def _send(session: Session, target: Target, value: dict[str, Any]) -> None:
    body = orjson.dumps(value)
    session.run(lambda client: client.update(target.ref, body, strict=True, manager="pyk8s-edit"))


def without_comments(text: str) -> str:
    """The text without the lines that are comments as a whole."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


def in_editor(text: str) -> str:
    """What a person made of `text`. Raises click.ClickException when the editor cannot be run or fails."""
    editor = shlex.split(os.environ.get("KUBE_EDITOR") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory(prefix="pyk8s-edit-") as folder:
        file = Path(folder) / "object.yaml"
        file.write_text(text)
        file.chmod(0o600)
        try:
            code = subprocess.run([*editor, str(file)], check=False).returncode
        except OSError as why:
            raise click.ClickException(f"cannot run the editor {editor[0]!r}: {why.strerror} (set EDITOR)") from why
        if code:
            raise click.ClickException(f"the editor {editor[0]!r} ended with {code}: nothing was changed")
        return file.read_text()
