"""`pyk8s image`: images without a registry."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from pyk8s.cli.clusters import aligned, carry_out
from pyk8s.cli.progress import Progress

SHARED = "the images belong to every cluster of this machine"
"""Why ordinary users cannot change them."""


@click.group("image")
def image() -> None:
    """Build, load, list and remove images; every node of this machine's clusters has them all.

    \b
    Examples:
      pyk8s image build examples/hello -t hello:1
      pyk8s image list
    """


@image.command("build")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-t", "--tag", required=True, metavar="NAME:TAG", help="What to call the image.")
@click.option(
    "-f",
    "--file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The Dockerfile, when it is not the folder's own.",
)
@click.option("--build-arg", "arguments", multiple=True, metavar="NAME=VALUE", help="A value for an ARG.")
def build(folder: Path, tag: str, file: Path | None, arguments: tuple[str, ...]) -> None:
    """Build an image from FOLDER: its Dockerfile, its image.yaml, or simply the files in it.

    \b
    Examples:
      pyk8s image build examples/hello -t hello:1
      pyk8s image build . -t shop:2 -f deploy/Dockerfile --build-arg VERSION=2
    """
    from pyk8s.cluster.images import actions
    from pyk8s.cluster.machine import require_root

    require_root("pyk8s image build", SHARED)
    given = dict(_pair(each) for each in arguments)
    with Progress() as progress:
        made = carry_out(actions.build(folder, tag, progress.say, arguments=given, file=file))
        progress.say(f"built {made.name} ({_size(made.size)})", done=True)


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise click.UsageError(f"--build-arg {text}: write NAME=VALUE")
    return name, value


@image.command("load")
@click.argument("archive", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("-t", "--tag", default="", metavar="NAME:TAG", help="What to call the image, instead of its own name.")
def load(archive: str, tag: str) -> None:
    """Load the images of ARCHIVE, an OCI or Docker archive, compressed or not; - is standard input.

    \b
    Examples:
      pyk8s image load shop.tar
      docker save shop:2 | pyk8s image load -
    """
    from pyk8s.cluster.images import actions
    from pyk8s.cluster.machine import require_root

    require_root("pyk8s image load", SHARED)
    with Progress() as progress:
        progress.say(f"reading {archive}")
        if archive == "-":
            found = carry_out(actions.load(sys.stdin.buffer, tag))
        else:
            with Path(archive).open("rb") as file:
                found = carry_out(actions.load(file, tag))
        for each in found:
            progress.say(f"loaded {each.name} ({_size(each.size)})", done=True)


@image.command("list")
@click.option("-o", "--output", type=click.Choice(["table", "json", "name"]), default="table", help="How to show them.")
def list_(output: str) -> None:
    """List the images of this machine.

    \b
    Examples:
      pyk8s image list
      pyk8s image list -o name
    """
    from pyk8s.cluster.images import actions
    from pyk8s.cluster.images.reference import familiar

    images = actions.store().images()
    if output == "json":
        rows = [{"name": each.name, "id": each.id, "digest": each.target.digest, "size": each.size} for each in images]
        click.echo(json.dumps(rows, indent=2))
    elif output == "name":
        click.echo("".join(f"{familiar(each.name)}\n" for each in images), nl=False)
    else:
        table = [[familiar(each.name), each.id.removeprefix("sha256:")[:12], _size(each.size)] for each in images]
        click.echo(aligned([["IMAGE", "ID", "SIZE"], *table]), nl=False)


@image.command("remove")
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
def remove(names: tuple[str, ...]) -> None:
    """Remove images from this machine and its nodes; containers that run stay.

    \b
    Examples:
      pyk8s image remove shop:1
    """
    from pyk8s.cluster.images import actions
    from pyk8s.cluster.machine import require_root

    require_root("pyk8s image remove", SHARED)
    for name in names:
        carry_out(actions.remove(name))
        click.echo(f"removed {name}")


def _size(count: int) -> str:
    """Bytes for people."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
