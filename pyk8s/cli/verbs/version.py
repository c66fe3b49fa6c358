"""`pyk8s version`: this program's version, and the server's when asked. Imports nothing that it can do without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyk8s

if TYPE_CHECKING:
    import click


def text() -> str:
    """What `pyk8s version` prints."""
    return f"pyk8s {pyk8s.__version__} (Kubernetes {pyk8s.KUBERNETES_VERSION})\n"


def _command() -> click.Command:
    import click

    @click.command("version")
    @click.option("-o", "--output", type=click.Choice(["text", "json", "yaml"]), default="text", help="How to show it.")
    def version(output: str) -> None:
        """Show the version of this program and of the Kubernetes API it speaks.

        \b
        Examples:
          pyk8s version
          pyk8s version -o json
        """
        import platform

        value = {
            "pyk8s": pyk8s.__version__,
            "kubernetes": pyk8s.KUBERNETES_VERSION,
            "python": platform.python_version(),
        }
        if output == "json":
            import json

            click.echo(json.dumps(value, indent=2))
        elif output == "yaml":
            click.echo("".join(f"{name}: {each}\n" for name, each in value.items()), nl=False)
        else:
            click.echo(text(), nl=False)

    return version


def __getattr__(name: str) -> Any:
    """`version` is made when somebody asks for it: click costs more to import than all else here."""
    if name == "version":
        return _command()
    raise AttributeError(name)
