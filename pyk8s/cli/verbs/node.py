"""`pyk8s node`: nodes of a cluster; with --config, the agent that runs on one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pyk8s.cli.clusters import carry_out, chosen
from pyk8s.cli.progress import Progress
from pyk8s.cli.session import Session


def of_cluster(command: Any) -> Any:
    """--name: the cluster."""
    return click.option("--name", "--cluster", "name", default="", metavar="NAME", help="The cluster.")(command)


def _which(session: Session, name: str) -> str:
    return chosen(name or session.cluster).name


@click.group("node", invoke_without_command=True)
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Run a node's agent with this configuration.",
)
@click.pass_context
def node(ctx: click.Context, config: Path | None) -> None:
    """Add, remove, stop and start nodes of a cluster.

    \b
    Examples:
      pyk8s node add
      pyk8s node stop node-2
    """
    if ctx.invoked_subcommand is None:
        if config is None:
            click.echo(ctx.get_help())
            ctx.exit(2)
        from pyk8s.cli.root import run_daemon

        run_daemon("daemons.node", "main", config)
    elif config is not None:
        raise click.UsageError("--config runs a node's agent and goes with no other command")


@node.command("add")
@click.argument("node_name", metavar="[NODE]", default="")
@of_cluster
@click.option("--cpus", metavar="CPUS", help="CPUs of the node; the cluster's usual number if not said.")
@click.option("--memory", metavar="SIZE", help="Memory of the node; the cluster's usual size if not said.")
@click.pass_obj
def add(session: Session, node_name: str, name: str, cpus: str | None, memory: str | None) -> None:
    """Add a node and wait until it is Ready.

    \b
    Examples:
      pyk8s node add
      pyk8s node add big --cpus 4 --memory 8Gi
    """
    from pyk8s.cluster import nodes

    with Progress() as progress:
        made = carry_out(nodes.add(_which(session, name), node_name, cpus=cpus, memory=memory, say=progress.say))
        progress.say(f"node {made.name} is Ready", done=True)


@node.command("remove")
@click.argument("node_name", metavar="NODE")
@of_cluster
@click.pass_obj
def remove(session: Session, node_name: str, name: str) -> None:
    """Remove a node with everything on it; controllers make its pods anew elsewhere.

    \b
    Examples:
      pyk8s node remove node-3
    """
    from pyk8s.cluster import nodes

    with Progress() as progress:
        carry_out(nodes.remove(_which(session, name), node_name, progress.say))


@node.command("stop")
@click.argument("node_name", metavar="NODE")
@of_cluster
@click.pass_obj
def stop(session: Session, node_name: str, name: str) -> None:
    """End everything on a node, as when its power is cut.

    \b
    Examples:
      pyk8s node stop node-2
    """
    from pyk8s.cluster import nodes

    with Progress() as progress:
        carry_out(nodes.stop(_which(session, name), node_name, progress.say))


@node.command("start")
@click.argument("node_name", metavar="NODE")
@of_cluster
@click.pass_obj
def start(session: Session, node_name: str, name: str) -> None:
    """Start a stopped node and wait until it is Ready.

    \b
    Examples:
      pyk8s node start node-2
    """
    from pyk8s.cluster import nodes

    with Progress() as progress:
        carry_out(nodes.start(_which(session, name), node_name, progress.say))
