"""`pyk8s cluster`: clusters on this machine."""

from __future__ import annotations

import json
from typing import Any

import click

from pyk8s.cli.clusters import DEFAULT, aligned, carry_out, chosen
from pyk8s.cli.progress import Progress


def named(command: Any) -> Any:
    """--name."""
    return click.option("--name", default=DEFAULT, show_default=True, metavar="NAME", help="The cluster's name.")(
        command
    )


@click.group("cluster")
def cluster() -> None:
    """Bring clusters up and down, stop, start, list and inspect them.

    \b
    Examples:
      pyk8s cluster up
      pyk8s cluster status
      pyk8s cluster down
    """


@cluster.command("up")
@named
@click.option("--nodes", type=int, metavar="N", help="How many nodes a new cluster gets.  [default: 3]")
@click.option("--cpus", metavar="CPUS", help="CPUs of each node, as 2 or 500m.  [default: 2]")
@click.option("--memory", metavar="SIZE", help="Memory of each node, as 4Gi.  [default: 4Gi]")
@click.option(
    "--ip-family", type=click.Choice(["ipv4", "ipv6", "dual"]), help="Which addresses it has.  [default: ipv4]"
)
@click.option(
    "--network-backend",
    type=click.Choice(["host-gw", "vxlan"]),
    help="How packets travel between nodes.  [default: host-gw]",
)
@click.option(
    "--proxy-mode",
    type=click.Choice(["iptables", "ipvs", "nftables"]),
    help="What services are made of in the kernel.  [default: iptables]",
)
def up(name: str, **asked: Any) -> None:
    """Bring a cluster up; one that is up stays as it is.

    \b
    Examples:
      pyk8s cluster up
      pyk8s cluster up --name shop --nodes 5 --cpus 500m --memory 1Gi
      pyk8s cluster up --name both --ip-family dual --network-backend vxlan
    """
    from pyk8s.cluster import lifecycle
    from pyk8s.cluster.wish import Wish

    with Progress() as progress:
        settings, differing = carry_out(lifecycle.up(name, Wish(**asked), progress.say))
        progress.say(f"cluster {name} is up: {len(settings.nodes)} nodes", done=True)
    for sentence in differing:
        click.echo(f"not as asked: {sentence}")
    flag = "" if name == DEFAULT else f" --cluster {name}"
    click.echo(f"try:  pyk8s{flag} get nodes    or    export KUBECONFIG=$(pyk8s kubeconfig --name {name} --path)")


@cluster.command("down")
@named
@click.option("--keep-data", is_flag=True, help="Keep its objects and keys for the next `up`.")
def down(name: str, keep_data: bool) -> None:
    """Take a cluster down and leave nothing of it (images stay: see `pyk8s image`).

    \b
    Examples:
      pyk8s cluster down
      pyk8s cluster down --name shop --keep-data
    """
    from pyk8s.cluster import lifecycle

    with Progress() as progress:
        carry_out(lifecycle.down(name, keep_data=keep_data, say=progress.say))
        progress.say(f"cluster {name} is down", done=True)


@cluster.command("stop")
@named
def stop(name: str) -> None:
    """End every process of a cluster and keep everything it holds.

    \b
    Examples:
      pyk8s cluster stop --name shop
    """
    from pyk8s.cluster import lifecycle

    with Progress() as progress:
        carry_out(lifecycle.stop(name, progress.say))
        progress.say(f"cluster {name} is stopped", done=True)


@cluster.command("start")
@named
def start(name: str) -> None:
    """Start a stopped cluster with everything it held.

    \b
    Examples:
      pyk8s cluster start --name shop
    """
    from pyk8s.cluster import lifecycle

    with Progress() as progress:
        carry_out(lifecycle.start(name, progress.say))
        progress.say(f"cluster {name} is up", done=True)


@cluster.command("list")
@click.option("-o", "--output", type=click.Choice(["table", "json", "name"]), default="table", help="How to show them.")
def list_(output: str) -> None:
    """List the clusters of this machine.

    \b
    Examples:
      pyk8s cluster list
      pyk8s cluster list -o json
    """
    from pyk8s.cluster import folder, status

    found = carry_out(status.overview(folder.every()))
    if output == "json":
        click.echo(json.dumps(found, indent=2))
    elif output == "name":
        click.echo("".join(f"{each['name']}\n" for each in found), nl=False)
    else:
        rows = [[each["name"], each["state"], str(each["nodes"]), each["server"]] for each in found]
        click.echo(aligned([["NAME", "STATE", "NODES", "SERVER"], *rows]), nl=False)


@cluster.command("status")
@click.option("--name", default="", metavar="NAME", help="The cluster; the only one if not said.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", help="How to show it.")
def status(name: str, output: str) -> None:
    """Show a cluster's state and every process of it: role, node, pid.

    \b
    Examples:
      pyk8s cluster status
      pyk8s cluster status --name shop -o json
    """
    from pyk8s.cluster import status as room

    found = carry_out(room.status(chosen(name)))
    if output == "json":
        click.echo(json.dumps(found, indent=2))
        return
    click.echo(f"{found['name']}: {found['state']}, {found['server']}, network {found['network']}")
    head = ["ROLE", "NODE", "PID", "STATE", "RESTARTS", "WHAT"]
    rows = [
        [each["role"], each["node"] or "-", str(each["pid"] or "-"), each["state"], str(each["restarts"]), each["name"]]
        for each in found["processes"]
    ]
    click.echo(aligned([head, *rows]), nl=False)
