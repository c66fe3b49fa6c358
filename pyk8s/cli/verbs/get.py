"""`pyk8s get`: objects as tables, or in any other form, once or as they change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import click
import orjson

from pyk8s.api.errors import ApiError
from pyk8s.api.resources import Resource
from pyk8s.cli import completion, manifests, options
from pyk8s.cli.failures import Failures
from pyk8s.cli.printers.jsonpath import parse, render
from pyk8s.cli.printers.output import Output, parse_output
from pyk8s.cli.printers.table import Columns, Layout, body_rows, header_row, whole
from pyk8s.cli.session import Session, on_terminal
from pyk8s.cli.targets import Target, of_manifest, parse_targets, qualified_kind
from pyk8s.client.interface import Client, View

HELP = """Show objects.

\b
Examples:
  pyk8s get pods
  pyk8s get deploy,svc -l app=web -o wide
  pyk8s get pod web-1 -o yaml
  pyk8s get nodes -o jsonpath='{.items[*].metadata.name}'
  pyk8s get pods -A -w
"""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for and how it is shown; one value for the whole verb."""

    output: Output
    layout: Layout
    labels: str = ""
    fields: str = ""
    sort_by: str = ""
    ignore_not_found: bool = False
    managed_fields: bool = False
    subresource: str = ""


@click.command("get", help=HELP)
@click.argument("words", nargs=-1, metavar="TYPE [NAME…] | TYPE/NAME…", shell_complete=completion.targets)
@options.filenames
@options.selectors
@options.output
@options.all_namespaces
@click.option("-w", "--watch", is_flag=True, help="Then go on showing changes.")
@click.option("--watch-only", is_flag=True, help="Show changes only.")
@click.option("--output-watch-events", is_flag=True, help="With -w: say ADDED, MODIFIED or DELETED too.")
@click.option("--no-headers", is_flag=True, help="Leave the column headers out.")
@click.option("--show-labels", is_flag=True, help="A last column with all labels.")
@click.option("-L", "--label-columns", multiple=True, metavar="LABEL", help="A column for this label.")
@click.option("--show-kind", is_flag=True, help="Names as TYPE/NAME.")
@click.option("--show-managed-fields", is_flag=True, help="Keep metadata.managedFields in JSON and YAML.")
@click.option("--sort-by", default="", metavar="JSONPATH", help="Order by this field.")
@click.option("--ignore-not-found", is_flag=True, help="An absent object is no error.")
@click.option("--subresource", type=click.Choice(["status", "scale"]), default=None, help="Show this subresource.")
@click.option("--raw", default="", metavar="PATH", help="Any path of the API, as it answers.")
@options.connected
def get(session: Session, words: tuple[str, ...], raw: str, **flags: Any) -> None:
    """Show objects."""
    if raw:
        click.echo(session.run(lambda client: client.raw(raw)), nl=False)
        return
    query = _query(flags)
    targets = _targets(session, words, flags)
    if flags["watch"] or flags["watch_only"]:
        session.run(lambda client: watch(client, targets, query, only=flags["watch_only"]))
        return
    failures = Failures()
    text, found = session.run(lambda client: show(client, targets, query, failures))
    if not found and not failures and query.output.table and not query.ignore_not_found:
        where = "" if flags["all_namespaces"] or not targets[0].namespace else f" in {targets[0].namespace} namespace"
        click.echo(f"No resources found{where}.", err=True)
    click.echo(text, nl=False)
    failures.tell()


def _query(flags: dict[str, Any]) -> Query:
    labels = tuple(label for text in flags["label_columns"] for label in text.split(","))
    layout = Layout(
        wide=flags["output"] == "wide",
        namespaces=flags["all_namespaces"],
        label_columns=labels,
        show_labels=flags["show_labels"],
        headers=not flags["no_headers"],
        kind_prefix="*" if flags["show_kind"] else "",
        events=flags["output_watch_events"],
    )
    return Query(
        output=parse_output(flags["output"], headers=not flags["no_headers"]),
        layout=layout,
        labels=flags["selector"],
        fields=flags["field_selector"],
        sort_by=flags["sort_by"],
        ignore_not_found=flags["ignore_not_found"],
        managed_fields=flags["show_managed_fields"],
        subresource=flags["subresource"] or "",
    )


def _targets(session: Session, words: Sequence[str], flags: dict[str, Any]) -> list[Target]:
    namespace = "" if flags["all_namespaces"] else session.namespace
    if flags["files"]:
        read = manifests.read(flags["files"], recursive=flags["recursive"])
        return [of_manifest(session.resources, each, session.namespace) for each in read]
    targets = parse_targets(session.resources, words, namespace)
    named = [target for target in targets if target.name]
    if named and flags["all_namespaces"]:
        raise click.UsageError("an object cannot be named over all namespaces: leave -A or the name out")
    if named and (flags["selector"] or flags["field_selector"]):
        raise click.UsageError("a selector cannot be used with names: leave one of them out")
    return targets


async def show(client: Client, targets: Sequence[Target], query: Query, failures: Failures) -> tuple[str, int]:
    """The text for `targets`, and how many objects were found; `failures` gets those that were not."""
    if not query.output.table:
        return await _show_objects(client, targets, query, failures)
    kinds: dict[Resource, list[Target]] = {}
    for target in targets:
        kinds.setdefault(target.resource, []).append(target)
    blocks, count = [], 0
    for resource, members in kinds.items():
        table = await _table(client, members, query, failures)
        prefix = qualified_kind(resource) if query.layout.kind_prefix or len(kinds) > 1 else ""
        layout = replace(query.layout, kind_prefix=prefix)
        layout = layout if resource.namespaced else replace(layout, namespaces=False)
        lines = whole(table, layout, colour=on_terminal())
        count += len(table["rows"])
        if lines:
            blocks.append("".join(f"{line}\n" for line in lines))
    return "\n".join(blocks), count


async def _table(client: Client, targets: Sequence[Target], query: Query, failures: Failures) -> dict[str, Any]:
    merged: dict[str, Any] = {"columnDefinitions": [], "rows": []}
    for target in targets:
        for body in await _answers(client, target, query, View.TABLE, failures):
            table = orjson.loads(body)
            merged["columnDefinitions"] = merged["columnDefinitions"] or table.get("columnDefinitions") or []
            merged["rows"] += table.get("rows") or []
    if query.sort_by:
        merged["rows"] = await _sorted_rows(client, targets, query, merged["rows"])
    return merged


async def _answers(client: Client, target: Target, query: Query, view: View, failures: Failures) -> Sequence[bytes]:
    with failures.each():
        if not target.name:
            return (await client.list(target.ref, labels=query.labels, fields=query.fields, view=view)).items
        ref = target.ref.sub(query.subresource) if query.subresource else target.ref
        try:
            return [await client.get(ref, view=view)]
        except ApiError as why:
            if why.reason != "NotFound" or not query.ignore_not_found:
                raise
    return []


async def _objects(client: Client, targets: Sequence[Target], query: Query, failures: Failures) -> list[dict[str, Any]]:
    found = []
    for target in targets:
        for body in await _answers(client, target, query, View.OBJECT, failures):
            value = orjson.loads(body)
            value.setdefault("apiVersion", target.resource.api_version)
            value.setdefault("kind", target.resource.kind)
            if not query.managed_fields:
                value["metadata"].pop("managedFields", None)
            found.append(value)
    return found


async def _sorted_rows(
    client: Client, targets: Sequence[Target], query: Query, rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    # What is not there has been told with the rows.
    values = await _objects(client, targets, query, Failures())
    order = {_identity(value): sort_key(value, query.sort_by) for value in values}
    return sorted(rows, key=lambda row: order.get(_identity(row["object"]), (0, 0, "")))


def _identity(value: dict[str, Any]) -> tuple[str, str]:
    return value["metadata"].get("namespace", ""), value["metadata"].get("name", "")


def sort_key(value: dict[str, Any], path: str) -> tuple[int, float, str]:
    """Numbers before texts; an object without the field comes first."""
    text = render(parse(path if "{" in path else f"{{{path}}}"), value)
    try:
        return (1, float(text), "")
    except ValueError:
        return (2, 0.0, text) if text else (0, 0.0, "")


async def _show_objects(client: Client, targets: Sequence[Target], query: Query, failures: Failures) -> tuple[str, int]:
    objects = await _objects(client, targets, query, failures)
    if not objects and failures:
        return "", 0
    if query.sort_by:
        objects.sort(key=lambda value: sort_key(value, query.sort_by))
    assert query.output.render is not None
    if len(targets) == 1 and targets[0].name:
        return (query.output.render(objects[0]), 1) if objects else ("", 0)
    listed = {"apiVersion": "v1", "items": objects, "kind": "List", "metadata": {"resourceVersion": ""}}
    return query.output.render(listed), len(objects)


async def watch(client: Client, targets: Sequence[Target], query: Query, *, only: bool = False) -> None:
    """Print what there is (unless `only` changes are wanted), then every change, until interrupted."""
    if len(targets) != 1:
        raise click.UsageError("only one type or one object can be watched at a time")
    printer = _WatchPrinter(targets[0], query)
    collection = targets[0].resource.ref(targets[0].namespace)
    fields = f"metadata.name={targets[0].name}" if targets[0].name else query.fields
    view = View.TABLE if query.output.table else View.OBJECT
    while True:
        listing = await client.list(collection, labels=query.labels, fields=fields, view=view)
        if not only:
            for body in listing.items:
                printer.show("ADDED", body)
        only, version = True, listing.resource_version
        try:
            while True:
                stream = client.watch(
                    collection, resource_version=version, labels=query.labels, fields=fields, view=view
                )
                async for batch in stream:
                    for event in batch:
                        version = event.resource_version or version
                        if event.type != "BOOKMARK":
                            printer.show(event.type, event.object)
        except ApiError as why:
            if why.reason not in ("Expired", "Gone"):
                raise


class _WatchPrinter:
    """Prints changes one after another, in columns that keep their width."""

    def __init__(self, target: Target, query: Query) -> None:
        self._query = query
        layout = query.layout if target.resource.namespaced else replace(query.layout, namespaces=False)
        self._layout = replace(layout, kind_prefix=qualified_kind(target.resource) if layout.kind_prefix else "")
        self._columns = Columns(colour=on_terminal())
        self._definitions: list[dict[str, Any]] = []

    def show(self, event: str, body: bytes) -> None:
        """One event: a Table with its rows, or an object."""
        value = orjson.loads(body)
        if not self._query.output.table:
            self._show_object(event, value)
            return
        top: list[list[str]] = []
        if value.get("columnDefinitions"):
            first = not self._definitions
            self._definitions = value["columnDefinitions"]
            if first and self._layout.headers:
                top = [header_row(value, self._layout)]
        rows = body_rows({**value, "columnDefinitions": self._definitions}, self._layout, event)
        if not rows:
            self._definitions = [] if top else self._definitions
            return
        for line in self._columns.lines(top + rows, header=bool(top)):
            click.echo(line)

    def _show_object(self, event: str, value: dict[str, Any]) -> None:
        if not self._query.managed_fields:
            value["metadata"].pop("managedFields", None)
        shown = {"type": event, "object": value} if self._layout.events else value
        if self._query.output.form == "json":
            click.echo(json.dumps(shown, indent=4))
            return
        assert self._query.output.render is not None
        if self._query.output.form == "yaml":
            click.echo("---")
        click.echo(self._query.output.render(shown if self._query.output.form == "yaml" else value), nl=False)
