"""`pyk8s describe`: objects with all that belongs to them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click
import orjson

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import ENDPOINT_SLICES, EVENTS, PODS, REPLICA_SETS
from pyk8s.cli import completion, manifests, options
from pyk8s.cli.describe import describe as describe_text
from pyk8s.cli.describe.layout import Related
from pyk8s.cli.failures import Failures
from pyk8s.cli.session import Session
from pyk8s.cli.targets import Target, of_manifest, parse_targets
from pyk8s.client.interface import Client

HELP = """Show objects with their state and events.

\b
Examples:
  pyk8s describe pod web-1
  pyk8s describe nodes
  pyk8s describe deploy -l app=web
"""


@click.command("describe", help=HELP)
@click.argument("words", nargs=-1, metavar="TYPE [NAME…] | TYPE/NAME…", shell_complete=completion.targets)
@options.filenames
@options.selectors
@options.all_namespaces
@click.option("--show-events/--no-show-events", default=True, show_default=True, help="The events too.")
@options.connected
def describe(session: Session, words: tuple[str, ...], show_events: bool, **flags: Any) -> None:
    """Show objects with their state and events."""
    if flags["files"]:
        read = manifests.read(flags["files"], recursive=flags["recursive"])
        targets = [of_manifest(session.resources, each, session.namespace) for each in read]
    else:
        targets = parse_targets(session.resources, words, "" if flags["all_namespaces"] else session.namespace)
    failures = Failures()
    texts = session.run(lambda client: _describe_all(client, targets, flags, show_events, failures))
    if not texts and not failures:
        click.echo("No resources found.", err=True)
    click.echo("\n\n".join(texts), nl=False)
    failures.tell()


async def _describe_all(
    client: Client, targets: list[Target], flags: dict[str, Any], show_events: bool, failures: Failures
) -> list[str]:
    texts = []
    for target in targets:
        with failures.each():
            for value in await _values(client, target, flags):
                value.setdefault("kind", target.resource.kind)
                related = await _related(client, value, show_events)
                texts.append(describe_text(value, related, datetime.now(UTC)))
    return texts


async def _values(client: Client, target: Target, flags: dict[str, Any]) -> list[dict[str, Any]]:
    if not target.name:
        listing = await client.list(target.ref, labels=flags["selector"], fields=flags["field_selector"])
        return [orjson.loads(body) for body in listing.items]
    try:
        return [orjson.loads(await client.get(target.ref))]
    except ApiError as why:
        if why.reason != "NotFound":
            raise
        collection = target.resource.ref(target.namespace)
        listing = await client.list(collection)
        values = [orjson.loads(body) for body in listing.items]
        found = [value for value in values if value["metadata"]["name"].startswith(target.name)]
        if not found:
            raise
        return found


async def _related(client: Client, value: dict[str, Any], show_events: bool) -> Related:
    metadata, kind = value["metadata"], value["kind"]
    namespace, name = metadata.get("namespace", ""), metadata["name"]
    events: list[dict[str, Any]] = []
    if show_events:
        fields = f"involvedObject.name={name},involvedObject.kind={kind}"
        if metadata.get("uid") and kind != "Node":
            fields += f",involvedObject.uid={metadata['uid']}"
        listing = await client.list(EVENTS.within(namespace), fields=fields)
        events = [orjson.loads(body) for body in listing.items]
    return Related(events=events, objects=await _beside(client, kind, namespace, name, metadata.get("uid", "")))


async def _beside(client: Client, kind: str, namespace: str, name: str, uid: str) -> list[dict[str, Any]]:
    if kind == "Node":
        listing = await client.list(PODS, fields=f"spec.nodeName={name}")
    elif kind == "Service":
        listing = await client.list(ENDPOINT_SLICES.within(namespace), labels=f"kubernetes.io/service-name={name}")
    elif kind == "Deployment":
        listing = await client.list(REPLICA_SETS.within(namespace))
        sets = [orjson.loads(body) for body in listing.items]
        return [
            each for each in sets if any(o.get("uid") == uid for o in each["metadata"].get("ownerReferences") or ())
        ]
    else:
        return []
    return [orjson.loads(body) for body in listing.items]
