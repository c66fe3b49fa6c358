"""`pyk8s kubeconfig`: a cluster's kubeconfig, for kubectl and everything that reads one."""

from __future__ import annotations

from pathlib import Path

import click

from pyk8s.cli.session import Session


@click.command("kubeconfig")
@click.option("--name", "--cluster", "name", default="", metavar="NAME", help="The cluster; the only one if not said.")
@click.option("--path", "show_path", is_flag=True, help="Show where the file lies instead of what is in it.")
@click.option(
    "--merge", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Add it to this kubeconfig."
)
@click.option(
    "--remove", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Take it out of this one."
)
@click.pass_obj
def kubeconfig(session: Session, name: str, show_path: bool, merge: Path | None, remove: Path | None) -> None:
    """Show a cluster's kubeconfig, or add it to another file.

    \b
    pyk8s kubeconfig > demo.yaml
    KUBECONFIG=$(pyk8s kubeconfig --path) kubectl get nodes
    pyk8s kubeconfig --merge ~/.kube/config
    """
    from pyk8s.cli.clusters import chosen
    from pyk8s.wire import kubeconfig as files

    if sum((show_path, merge is not None, remove is not None)) > 1:
        raise click.UsageError("--path, --merge and --remove exclude one another")
    cluster = chosen(name or session.cluster)
    context = f"pyk8s-{cluster.name}"
    if merge is not None:
        files.merge(merge, files.load(cluster.kubeconfig), name=context)
        click.echo(f"{merge} has the context {context}")
    elif remove is not None:
        files.remove(remove, context)
        click.echo(f"{remove} has no context {context}")
    elif show_path:
        click.echo(cluster.kubeconfig)
    else:
        click.echo(cluster.kubeconfig.read_text(), nl=False)
