"""The top of the command tree: commands by name, imported when used."""

from __future__ import annotations

import difflib
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from pyk8s.cli import options
from pyk8s.cli.commands import DAEMONS, ROWS, SECTIONS, Row


class Root(click.Group):
    """A group whose commands are the rows of `commands`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands people type."""
        return [row.name for rows in SECTIONS.values() for row in rows]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command `cmd_name`; None when there is none."""
        row = ROWS.get(cmd_name)
        if row is None:
            return None
        return _daemon(row) if row in DAEMONS else getattr(import_module(f"pyk8s.cli.{row.module}"), row.attribute)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with what may have been meant when there is no such command."""
        if args and args[0] not in ROWS and not ctx.resilient_parsing:
            close = difflib.get_close_matches(args[0], list(ROWS), n=3)
            hint = f": did you mean {' or '.join(close)}?" if close else ""
            raise click.UsageError(f"there is no command {args[0]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The sections of `pyk8s --help`, without importing one command."""
        for title, rows in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(row.name, row.summary) for row in rows])


def _daemon(row: Row) -> click.Command:
    """A program of a cluster as a command: it takes its configuration and runs until it is told to end."""

    @click.command(row.name, help=f"{row.summary} Run by a cluster's supervisor or by systemd.")
    @click.option(
        "--config", required=True, metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
    )
    def daemon(config: Path) -> None:
        run_daemon(row.module, row.attribute, config)

    return daemon


def run_daemon(module: str, function: str, config: Path) -> None:
    """Import `pyk8s.cli.MODULE` and run its `function`."""
    getattr(import_module(f"pyk8s.cli.{module}"), function)(config)


@click.command(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@options.which_cluster
@click.version_option(package_name="pyk8s", prog_name="pyk8s")
@click.pass_context
def root(ctx: click.Context, /, namespace: str, **flags: Any) -> None:
    """A real Kubernetes cluster in Python.

    \b
    pyk8s cluster up                 three nodes on this machine
    pyk8s apply -f web.yaml          deploy to it
    pyk8s get pods -o wide           look at it
    pyk8s cluster down               leave nothing behind
    """
    from pyk8s.cli.session import Session

    ctx.obj = Session(given_namespace=namespace, **flags)
