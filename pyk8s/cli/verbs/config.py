"""`pyk8s config`: which cluster and namespace the next command means, and how to change it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from pyk8s.api.syntax import dns_label
from pyk8s.cli import completion, options
from pyk8s.cli.clusters import aligned
from pyk8s.cli.printers.output import parse_output
from pyk8s.cli.session import Session, warn
from pyk8s.wire import kubeconfig
from pyk8s.wire.kubeconfig import Entry, Kubeconfig

HIDDEN = {
    "certificate-authority-data": "DATA+OMITTED",
    "client-certificate-data": "DATA+OMITTED",
    "client-key-data": "DATA+OMITTED",
    "token": "REDACTED",
    "password": "REDACTED",
}
"""What stands in the place of a secret that is not asked for. Source: kubectl config view."""


@click.group("config")
def config() -> None:
    """Show and change the contexts of a kubeconfig.

    \b
    Examples:
      pyk8s config get-contexts
      pyk8s config use-context office
      pyk8s config set-context --current -n shop
    """


def _read(session: Session) -> Kubeconfig:
    return kubeconfig.read(session.files())


@config.command("view")
@click.option("--raw", is_flag=True, help="With keys and certificates.")
@click.option("--minify", is_flag=True, help="Only what the current context needs.")
@options.output
@options.connected
def view(session: Session, raw: bool, minify: bool, output: str) -> None:
    """Show the kubeconfig, several files as one.

    \b
    Examples:
      pyk8s config view --minify -o json
    """
    render = parse_output(output or "yaml").render
    if render is None:
        raise click.UsageError("-o: a kubeconfig has no table: json, yaml, jsonpath=…")
    click.echo(render(document(_read(session), session.context, raw=raw, minify=minify)), nl=False)


def document(merged: Kubeconfig, context: str, *, raw: bool, minify: bool) -> dict[str, Any]:
    """The kubeconfig as one document, without its secrets unless `raw`, without what the context does not need when
    `minify`. Raises click.ClickException for a context that is not there."""
    name = context or merged.current_context
    wanted: Mapping[str, set[str]] | None = None
    if minify:
        content = _context(merged, name).content
        wanted = {"contexts": {name}, "clusters": {content.get("cluster", "")}, "users": {content.get("user", "")}}

    def listed(section: str, field: str) -> list[dict[str, Any]]:
        entries: Mapping[str, Entry] = getattr(merged, section)
        kept = [each for each in entries.values() if wanted is None or each.name in wanted[section]]
        return [
            {field: dict(each.content) if raw else _without_secrets(each.content), "name": each.name} for each in kept
        ]

    sections = {section: listed(section, field) for section, field in kubeconfig.SECTIONS.items()}
    return {"apiVersion": "v1", **sections, "current-context": name, "kind": "Config", "preferences": {}}


def _without_secrets(content: Mapping[str, Any]) -> dict[str, Any]:
    return {field: HIDDEN.get(field, value) if value else value for field, value in content.items()}


def _context(merged: Kubeconfig, name: str) -> Entry:
    if not name:
        raise click.ClickException("current-context is not set: choose one with `pyk8s config use-context NAME`")
    if name not in merged.contexts:
        raise click.ClickException(f"there is no context {name!r} (there is: {', '.join(merged.contexts) or 'none'})")
    return merged.contexts[name]


@config.command("current-context")
@options.connected
def current_context(session: Session) -> None:
    """Say which context the next command uses.

    \b
    Examples:
      pyk8s config current-context
    """
    merged = _read(session)
    click.echo(_context(merged, session.context or merged.current_context).name)


@config.command("get-contexts")
@click.argument("names", nargs=-1, metavar="[NAME…]", shell_complete=completion.contexts)
@click.option("-o", "--output", type=click.Choice(["table", "name"]), default="table", help="How to show them.")
@options.connected
def get_contexts(session: Session, names: tuple[str, ...], output: str) -> None:
    """List contexts; a star is before the current one.

    \b
    Examples:
      pyk8s config get-contexts
    """
    merged = _read(session)
    shown = [_context(merged, name) for name in names] or list(merged.contexts.values())
    if output == "name":
        click.echo("".join(f"{each.name}\n" for each in shown), nl=False)
        return
    current = session.context or merged.current_context
    rows = [["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"]]
    for each in shown:
        fields = [str(each.content.get(field) or "") for field in ("cluster", "user", "namespace")]
        rows.append(["*" if each.name == current else "", each.name, *fields])
    click.echo(aligned(rows), nl=False)


@config.command("use-context")
@click.argument("name", shell_complete=completion.contexts)
@options.connected
def use_context(session: Session, name: str) -> None:
    """Let the next commands use another context.

    \b
    Examples:
      pyk8s config use-context office
    """
    _context(_read(session), name)
    kubeconfig.choose(session.files(), name)
    click.echo(f'Switched to context "{name}".')


@config.command("set-context")
@click.argument("name", default="", shell_complete=completion.contexts)
@click.option("--current", is_flag=True, help="The current context.")
@click.option("--user", default="", metavar="NAME", help="As whom.")
@options.connected
def set_context(session: Session, name: str, current: bool, user: str) -> None:
    """Change the namespace (-n) or the user of a context.

    \b
    Examples:
      pyk8s config set-context --current -n shop
      pyk8s config set-context office --user guest
    """
    if bool(name) == current:
        raise click.UsageError("name a context, or say --current")
    fields = {"namespace": session.given_namespace, "user": user}
    fields = {field: value for field, value in fields.items() if value}
    if not fields:
        raise click.UsageError("say what to change: -n or --user")
    if problems := dns_label(session.given_namespace) if session.given_namespace else []:
        raise click.UsageError(f"-n {session.given_namespace!r}: {problems[0]}")
    merged = _read(session)
    entry = _context(merged, name or session.context or merged.current_context)
    kubeconfig.change_context(session.files(), entry.name, fields)
    click.echo(f'Context "{entry.name}" modified.')


@config.command("delete-context")
@click.argument("name", shell_complete=completion.contexts)
@options.connected
def delete_context(session: Session, name: str) -> None:
    """Delete a context; its cluster and user stay.

    \b
    Examples:
      pyk8s config delete-context office
    """
    current = _read(session).current_context
    click.echo(f"deleted context {name} from {kubeconfig.delete(session.files(), 'contexts', name)}")
    if name == current:
        warn("this was the current context: choose another one with `pyk8s config use-context NAME`")


@config.command("delete-cluster")
@click.argument("name")
@options.connected
def delete_cluster(session: Session, name: str) -> None:
    """Delete a cluster from the kubeconfig; the cluster itself goes with `pyk8s cluster down`.

    \b
    Examples:
      pyk8s config delete-cluster office
    """
    click.echo(f"deleted cluster {name} from {kubeconfig.delete(session.files(), 'clusters', name)}")


@config.command("delete-user")
@click.argument("name")
@options.connected
def delete_user(session: Session, name: str) -> None:
    """Delete a user with its certificate, key and token.

    \b
    Examples:
      pyk8s config delete-user guest
    """
    click.echo(f"deleted user {name} from {kubeconfig.delete(session.files(), 'users', name)}")
