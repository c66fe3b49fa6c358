"""`pyk8s cluster-info`: where the API is."""

from __future__ import annotations

import click

from pyk8s.cli import options
from pyk8s.cli.session import Session
from pyk8s.client.grpc import GrpcClient


@click.command("cluster-info")
@options.connected
def cluster_info(session: Session) -> None:
    """Say where the API is and whether it answers.

    \b
    Examples:
      pyk8s cluster-info
      pyk8s cluster-info --context office
    """

    async def work(client: GrpcClient) -> None:
        await client.raw("/version")

    session.run(work)
    connection = session.connection
    click.echo(f"Kubernetes control plane is running at {connection.server}")
    if connection.grpc_address:
        click.echo(f"pyk8s speaks with it over gRPC at {connection.grpc_address}")
    click.echo(f"cluster {connection.cluster}, as {connection.user}, in namespace {session.namespace}")
