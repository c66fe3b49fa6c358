"""Flags that many verbs share, and the session they make."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from pyk8s.cli import completion

Command = Callable[..., Any]


GLOBAL: tuple[tuple[tuple[str, ...], str, str, completion.Offer], ...] = (
    (("--cluster",), "NAME", "A cluster that runs on this machine.", completion.clusters),
    (("--kubeconfig",), "FILE", "Use this kubeconfig.", completion.files),
    (("--context",), "NAME", "The context of the kubeconfig to use.", completion.contexts),
    (("-n", "--namespace"), "NAME", "The namespace to work in.", completion.namespaces),
)
"""The flags that may stand before a verb or behind it: names, what follows, help, what a shell offers."""


WHICH = ("kubeconfig", "context", "cluster", "as_user", "as_groups", "as_uid")
"""What these flags and those of `which_cluster` are called in a session, beside the namespace."""


def which_cluster(command: Command) -> Command:
    """-n, --cluster, --context and --kubeconfig; "" where one is not given. And as whom: --as, --as-group, --as-uid."""
    command = click.option("--as-uid", default="", metavar="UID", help="With --as: the uid of the user.")(command)
    command = click.option(
        "--as-group", "as_groups", multiple=True, metavar="NAME", help="With --as: a group of the user; again for more."
    )(command)
    command = click.option("--as", "as_user", default="", metavar="NAME", help="Do it as this user, if one may.")(
        command
    )
    for names, metavar, text, offer in reversed(GLOBAL):
        command = click.option(*names, default="", metavar=metavar, help=text, shell_complete=offer)(command)
    return command


def connected(command: Command) -> Command:
    """A verb that speaks to a cluster: adds `which_cluster` and passes a `Session` first.

    The flags may stand before the verb too; those behind it win.
    """

    @which_cluster
    @click.pass_context
    @functools.wraps(command)
    def with_session(ctx: click.Context, /, *args: Any, namespace: str, **flags: Any) -> Any:
        from pyk8s.cli.session import Session

        session = ctx.obj if isinstance(ctx.obj, Session) else Session()
        which = {field: flags.pop(field) for field in WHICH}
        session = session.with_flags(given_namespace=namespace, **which)
        return command(session, *args, **flags)

    return with_session


def selectors(command: Command) -> Command:
    """-l and --field-selector."""
    command = click.option("--field-selector", default="", metavar="FIELDS", help="Only objects with these fields.")(
        command
    )
    return click.option("-l", "--selector", default="", metavar="LABELS", help="Only objects with these labels.")(
        command
    )


def filenames(command: Command) -> Command:
    """-f, several times, and -R."""
    command = click.option("-R", "--recursive", is_flag=True, help="Look into folders inside folders.")(command)
    return click.option(
        "-f",
        "--filename",
        "files",
        multiple=True,
        metavar="PATH",
        help="A manifest: a file, a folder, or - for standard input. May be given again.",
        shell_complete=completion.files,
    )(command)


def output(command: Command) -> Command:
    """-o."""
    return click.option(
        "-o", "--output", default="", metavar="FORM", help="json, yaml, name, wide, jsonpath=…, custom-columns=…"
    )(command)


def all_namespaces(command: Command) -> Command:
    """-A."""
    return click.option("-A", "--all-namespaces", is_flag=True, help="Over all namespaces.")(command)


def dry_run(command: Command) -> Command:
    """--dry-run=client|server|none; `--dry-run` alone is client."""
    return click.option(
        "--dry-run",
        type=click.Choice(["none", "client", "server"]),
        default="none",
        is_flag=False,
        flag_value="client",
        help="Only show what would be done: by this program (client) or by the server.",
    )(command)
