"""`pyk8s completion`: a script that lets a shell complete commands and flags."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print a completion script for SHELL.

    \b
    bash:  source <(pyk8s completion bash)
    zsh:   source <(pyk8s completion zsh)
    fish:  pyk8s completion fish | source
    """
    from pyk8s.cli.root import root

    made = get_completion_class(shell)
    assert made is not None
    click.echo(made(root, {}, "pyk8s", "_PYK8S_COMPLETE").source())
