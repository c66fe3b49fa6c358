"""`pyk8s net`: where packets go, and what rules nodes have, on a cluster of this machine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pyk8s.cli import completion, options
from pyk8s.cli.durations import seconds
from pyk8s.cli.printers.output import to_json
from pyk8s.cli.progress import Progress
from pyk8s.cli.session import Session

if TYPE_CHECKING:
    from pyk8s.client.grpc import GrpcClient
    from pyk8s.cluster.folder import Folder

T = TypeVar("T")

BACKENDS, MODES = ("host-gw", "vxlan"), ("iptables", "ipvs", "nftables")


@click.group("net")
def net() -> None:
    """Show where packets go and which rule decides; choose the proxy's mode and the way between nodes.

    \b
    Examples:
      pyk8s net path pod/client service/web:80
      pyk8s net rules node-1
      pyk8s net mode nftables
    """


def _output(command: Any) -> Any:
    return click.option(
        "-o", "--output", type=click.Choice(["table", "json"]), default="table", help="How to show it."
    )(command)


def _run(session: Session, what: str, work: Callable[[GrpcClient, Folder], Awaitable[T]]) -> T:
    """Do `work` with the session's cluster, whose nodes must be on this machine."""
    from pyk8s.cli.clusters import of_connection
    from pyk8s.cluster.machine import require_root

    require_root(f"pyk8s net {what}", "it enters the network namespaces of nodes")
    folder = of_connection(session)
    return session.run(lambda client: work(client, folder))


@net.command("path")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO[:PORT]")
@click.option(
    "--protocol", type=click.Choice(["tcp", "udp", "sctp"]), default="tcp", show_default=True, help="Of the packet."
)
@click.option("--probe", is_flag=True, help="Send a real packet, and show what each rule has counted before and after.")
@_output
@options.connected
def path(session: Session, source: str, target: str, protocol: str, probe: bool, output: str) -> int:
    """Walk a packet from FROM to TO, by the plan and by what the kernels have, and name the rule that decides.

    FROM is pod/NAME, node/NAME or an address outside; TO is pod/NAME, service/NAME, node/NAME or an address. A port is
    a number or a name; what has only one port needs none. The exit code is 1 when a kernel would do otherwise.

    \b
    Examples:
      pyk8s net path pod/client service/web
      pyk8s net path pod/client svc/web:http --probe
      pyk8s net path node/node-1 svc/dns:53 --protocol udp
      pyk8s net path 203.0.113.9 node/node-2:30080 -o json
    """
    from pyk8s.cli.printers.net import path_lines
    from pyk8s.cluster.net.actions import find_path

    found = _run(
        session,
        "path",
        lambda client, folder: find_path(
            client, folder, source, target, namespace=session.namespace, protocol=protocol, send=probe
        ),
    )
    click.echo(to_json(found.document()) if output == "json" else path_lines(found), nl=False)
    return 1 if found.surprises else 0


@net.command("rules")
@click.argument("node", metavar="NODE", shell_complete=completion.nodes)
@click.option("--mode", type=click.Choice(MODES), help="Another mode than the node's: what it has left there.")
@click.option("--differences", is_flag=True, help="Show only what is not as planned.")
@_output
@options.connected
def rules(session: Session, node: str, mode: str | None, differences: bool, output: str) -> int:
    """Show the plan of a node's packet rules and routes beside what its kernel has; exit code 1 when they differ.

    Before each line: "=" is as planned, "-" planned and not there, "+" there and not planned, "~" other than planned.

    \b
    Examples:
      pyk8s net rules node-1
      pyk8s net rules node-1 --differences
      pyk8s net rules node-1 --mode ipvs
    """
    from pyk8s.cli.printers.net import rules_lines
    from pyk8s.cluster.net.actions import look_at_rules

    found = _run(session, "rules", lambda client, folder: look_at_rules(client, folder, node, mode or ""))
    text = to_json(found.document()) if output == "json" else rules_lines(found, only_differences=differences)
    click.echo(text, nl=False)
    return 1 if found.differences else 0


@net.command("mode")
@click.argument("mode", type=click.Choice(MODES))
@click.option("--timeout", default="60s", show_default=True, help="How long to wait for all nodes.")
@options.connected
def mode(session: Session, mode: str, timeout: str) -> None:
    """Let the proxies of all nodes make services of something else, and wait until they do.

    \b
    Examples:
      pyk8s net mode nftables
      pyk8s net mode iptables --timeout 20s
    """
    from pyk8s.cluster.net.change import change_mode

    limit = seconds(timeout, "--timeout")
    with Progress() as progress:
        _run(
            session,
            "mode",
            lambda client, folder: change_mode(client, folder, mode, seconds=limit, say=progress.say),
        )
        progress.say(f"all proxies are in the mode {mode}", done=True)


@net.command("backend")
@click.argument("backend", type=click.Choice(BACKENDS))
@click.option("--timeout", default="60s", show_default=True, help="How long to wait for all nodes.")
@options.connected
def backend(session: Session, backend: str, timeout: str) -> None:
    """Let packets go between nodes another way, and wait until they do.

    \b
    Examples:
      pyk8s net backend vxlan
      pyk8s net backend host-gw
    """
    from pyk8s.cluster.net.change import change_backend

    limit = seconds(timeout, "--timeout")
    with Progress() as progress:
        _run(
            session,
            "backend",
            lambda client, folder: change_backend(client, folder, backend, seconds=limit, say=progress.say),
        )
        progress.say(f"all nodes are reached by {backend}", done=True)
