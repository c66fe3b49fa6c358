"""`pyk8s api-resources` and `pyk8s api-versions`: what the server serves."""

from __future__ import annotations

from typing import Any

import click
import orjson

from pyk8s.cli import options
from pyk8s.cli.printers.table import Columns
from pyk8s.cli.session import Session, on_terminal
from pyk8s.client.grpc import GrpcClient

HELP = """Show the kinds that the server serves.

\b
Examples:
  pyk8s api-resources
  pyk8s api-resources --api-group=apps -o wide
  pyk8s api-resources --namespaced=false -o name
"""


async def discover(client: GrpcClient) -> list[dict[str, Any]]:
    """Every resource (no subresources) of every group's preferred version, each with its `groupVersion`."""
    versions = orjson.loads(await client.raw("/api"))["versions"]
    paths = [(f"/api/{version}", version) for version in versions]
    for group in orjson.loads(await client.raw("/apis"))["groups"]:
        version = group["preferredVersion"]["groupVersion"]
        paths.append((f"/apis/{version}", version))
    found = []
    for path, version in paths:
        for resource in orjson.loads(await client.raw(path))["resources"]:
            if "/" not in resource["name"]:
                found.append({**resource, "groupVersion": version})
    return found


@click.command("api-resources", help=HELP)
@click.option("--api-group", default=None, help='Only this group; "" is the core group.')
@click.option("--namespaced", type=bool, default=None, help="Only those with (true) or without a namespace.")
@click.option("--verbs", default="", metavar="VERB,…", help="Only those that can all of this.")
@click.option("--sort-by", type=click.Choice(["name", "kind"]), default=None)
@click.option("--no-headers", is_flag=True, help="Leave the column headers out.")
@click.option("-o", "--output", type=click.Choice(["", "wide", "name"]), default="")
@options.connected
def api_resources(session: Session, **flags: Any) -> None:
    """Show the kinds that the server serves."""
    found = [each for each in session.run(discover) if _wanted(each, flags)]
    if flags["sort_by"]:
        found.sort(key=lambda each: each[flags["sort_by"]])
    if flags["output"] == "name":
        for each in found:
            group = each["groupVersion"].rpartition("/")[0]
            click.echo(f"{each['name']}.{group}" if group else each["name"])
        return
    head = ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"]
    head += ["VERBS", "CATEGORIES"] if flags["output"] == "wide" else []
    rows = [] if flags["no_headers"] else [head]
    for each in found:
        row = [each["name"], ",".join(each.get("shortNames") or ()), each["groupVersion"]]
        row += ["true" if each["namespaced"] else "false", each["kind"]]
        if flags["output"] == "wide":
            row += [",".join(each["verbs"]), ",".join(each.get("categories") or ())]
        rows.append(row)
    for line in Columns(colour=on_terminal()).lines(rows, header=not flags["no_headers"]):
        click.echo(line)


def _wanted(resource: dict[str, Any], flags: dict[str, Any]) -> bool:
    if flags["api_group"] is not None and resource["groupVersion"].rpartition("/")[0] != flags["api_group"]:
        return False
    if flags["namespaced"] is not None and resource["namespaced"] != flags["namespaced"]:
        return False
    return set(filter(None, flags["verbs"].split(","))) <= set(resource["verbs"])


@click.command("api-versions")
@options.connected
def api_versions(session: Session) -> None:
    """Show the group versions that the server serves.

    \b
    Examples:
      pyk8s api-versions
    """

    async def ask(client: GrpcClient) -> list[str]:
        core = orjson.loads(await client.raw("/api"))["versions"]
        groups = orjson.loads(await client.raw("/apis"))["groups"]
        return sorted([*core, *(version["groupVersion"] for group in groups for version in group["versions"])])

    for version in session.run(ask):
        click.echo(version)
