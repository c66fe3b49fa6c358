"""The program `pyk8s-proxy`: kube-proxy's place on a node, without the rest of a node."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from pyk8s.aio.heap import settle
from pyk8s.aio.notify import ready
from pyk8s.aio.shutdown import on_signals, until_stopped
from pyk8s.client.grpc import GrpcClient
from pyk8s.kernel.errors import KernelError
from pyk8s.observe import logs
from pyk8s.proxy import standalone
from pyk8s.proxy.config import MODES, read_node_ports, read_ranges, split
from pyk8s.proxy.standalone import Options
from pyk8s.wire import kubeconfig

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--config", type=FILE, help="A KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1); followed.")
@click.option("--objects", type=FOLDER, help="Services, EndpointSlices and the Node from the files in this folder.")
@click.option("--hostname-override", "node", default="", help="The node's name, if not that of this machine.")
@click.option("--proxy-mode", "mode", type=click.Choice(MODES), help="Before what the configuration says.")
@click.option("--service-cluster-ip-range", "services", default="", help="Ranges of cluster IPs: what nobody serves "
              "there is refused.")  # fmt: skip
@click.option("--nodeport-addresses", "node_ports", multiple=True, metavar="RANGES",
              help="Where node ports answer: ranges of addresses, or primary, localhost, all; before the "
              "configuration. Without any: at all addresses, in the mode nftables at the primary one.")  # fmt: skip
@click.option("--kubeconfig", "connection", type=FILE, help="Before clientConnection.kubeconfig.")
@click.option("--cleanup", is_flag=True, help="Take away all rules of every mode, and end.")
@click.option("-v", "--verbose", count=True, help="Tell of every change.")
@click.version_option(package_name="pyk8s", prog_name="pyk8s-proxy")
def command(
    config: Path | None,
    objects: Path | None,
    node: str,
    mode: str | None,
    services: str,
    node_ports: tuple[str, ...],
    connection: Path | None,
    cleanup: bool,
    verbose: int,
) -> None:
    """Send packets to Services on to their endpoints, on this node."""
    logs.configure("debug" if verbose else "info")
    try:
        ranges = read_ranges(services, "--service-cluster-ip-range")
        ports = read_node_ports(split(",".join(node_ports)), "--nodeport-addresses")
        options = Options(config, node, mode or "", objects, ranges, ports)
        if cleanup:
            failures = standalone.clean(options)
            for sentence in failures:
                click.echo(f"pyk8s-proxy: not removed: {sentence}", err=True)
            sys.exit(1 if failures else 0)
        asyncio.run(_serve(options, connection))
    except (ValueError, OSError, KernelError) as why:
        click.echo(f"pyk8s-proxy: {why}", err=True)
        sys.exit(1)


async def _serve(options: Options, connection: Path | None) -> None:
    stopping = on_signals()
    client = None
    if options.objects is None:
        _, document = standalone.read(options)
        where = str(connection or document.client_connection.kubeconfig or "")
        if not where:
            raise ValueError("no kubeconfig: name one with --kubeconfig, or a folder of objects with --objects")
        client = GrpcClient.connect(kubeconfig.load(where))
    try:
        await until_stopped(standalone.run(options, client, started=_tell_ready), stopping)
    finally:
        if client is not None:
            await client.close()


def _tell_ready() -> None:
    ready("serving")
    settle()


def main() -> None:
    """Run the program."""
    command(prog_name="pyk8s-proxy")
