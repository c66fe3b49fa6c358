"""`pyk8s events`: what happened, oldest first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click
import orjson

from pyk8s.api.refs import EVENTS
from pyk8s.cli import options
from pyk8s.cli.describe.event import last_seen, message, times
from pyk8s.cli.printers.output import parse_output
from pyk8s.cli.printers.table import Columns
from pyk8s.cli.session import Session, on_terminal
from pyk8s.cli.targets import parse_one
from pyk8s.client.interface import Client

HELP = """Show events.

\b
Examples:
  pyk8s events
  pyk8s events --for pod/web-1
  pyk8s events -A --types=Warning -w
"""

HEADERS = ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]


@click.command("events", help=HELP)
@click.option("--for", "about", default="", metavar="TYPE/NAME", help="Only those about this object.")
@click.option("--types", default="", metavar="TYPE,…", help="Only these types: Normal, Warning.")
@click.option("-w", "--watch", is_flag=True, help="Then go on showing new ones.")
@click.option("--no-headers", is_flag=True, help="Leave the column headers out.")
@options.output
@options.all_namespaces
@options.connected
def events(session: Session, about: str, types: str, watch: bool, **flags: Any) -> None:
    """Show events."""
    namespace = "" if flags["all_namespaces"] else session.namespace
    wanted = {word.strip().lower() for word in types.split(",") if word.strip()}
    unknown = wanted - {"normal", "warning"}
    if unknown:
        raise click.UsageError(f"--types {', '.join(sorted(unknown))!r}: events are Normal or Warning")
    fields = ""
    if about:
        if "/" not in about:
            raise click.UsageError(f"--for {about!r} must be TYPE/NAME")
        target = parse_one(session.resources, [about], session.namespace)
        fields = f"involvedObject.kind={target.resource.kind},involvedObject.name={target.name}"
    session.run(lambda client: _show(client, namespace, fields, wanted, watch, flags))


async def _show(
    client: Client, namespace: str, fields: str, wanted: set[str], watch: bool, flags: dict[str, Any]
) -> None:
    listing = await client.list(EVENTS.within(namespace), fields=fields)
    found = sorted((orjson.loads(body) for body in listing.items), key=last_seen)
    found = [event for event in found if not wanted or event.get("type", "").lower() in wanted]
    printer = parse_output(flags["output"])
    if printer.render is not None:
        click.echo(printer.render({"apiVersion": "v1", "kind": "List", "items": found}), nl=False)
        return
    columns = Columns(colour=on_terminal())
    head = (["NAMESPACE"] if flags["all_namespaces"] else []) + HEADERS
    rows = [event_row(event, flags["all_namespaces"], datetime.now(UTC)) for event in found]
    if not rows and not watch:
        where = f" in {namespace} namespace" if namespace else ""
        click.echo(f"No events found{where}.", err=True)
    top = [head] if rows and not flags["no_headers"] else []
    for line in columns.lines([*top, *rows], header=bool(top)):
        click.echo(line)
    if not watch:
        return
    async for batch in client.watch(EVENTS.within(namespace), resource_version=listing.resource_version, fields=fields):
        for change in batch:
            event = orjson.loads(change.object) if change.type in ("ADDED", "MODIFIED") else None
            if event and (not wanted or event.get("type", "").lower() in wanted):
                for line in columns.lines([event_row(event, flags["all_namespaces"], datetime.now(UTC))]):
                    click.echo(line)


def event_row(event: dict[str, Any], namespaces: bool, now: datetime) -> list[str]:
    """One line of the table."""
    about = event.get("involvedObject") or event.get("regarding") or {}
    row = [times(event, now), event.get("type", ""), event.get("reason", "")]
    row += [f"{about.get('kind', '')}/{about.get('name', '')}", message(event)]
    return ([event["metadata"].get("namespace", "")] if namespaces else []) + row
