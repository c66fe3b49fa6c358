"""`pyk8s exec` and `pyk8s attach`: inside a container."""

from __future__ import annotations

import sys
from typing import Any

import click

from pyk8s.api.refs import PODS
from pyk8s.cli import completion, options
from pyk8s.cli.pods import container_of, pods_of
from pyk8s.cli.session import Session, warn
from pyk8s.cli.targets import parse_one
from pyk8s.client.grpc import GrpcClient

HELP = """Run a command in a container.

\b
Examples:
  pyk8s exec web-1 -- ls /
  pyk8s exec -it deploy/web -- sh
  cat dump.sql | pyk8s exec -i db-0 -- psql
"""


def _flags(command: Any) -> Any:
    command = click.option(
        "-c", "--container", default="", help="This container.", shell_complete=completion.containers
    )(command)
    command = click.option("-i", "--stdin", is_flag=True, help="Pass standard input on.")(command)
    return click.option("-t", "--tty", is_flag=True, help="With a terminal.")(command)


def with_terminal(stdin: bool, tty: bool) -> bool:
    """Whether to ask for a terminal: only when our input is one."""
    if tty and not (stdin and sys.stdin.isatty()):
        warn("Unable to use a TTY - input is not a terminal" if stdin else "-t without -i: no terminal is used")
        return False
    return tty


class _Exec(click.Command):
    """Flags may stand on either side of the pod when `--` says where the command begins; without it, whatever follows
    the pod is the command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it."""
        ctx.allow_interspersed_args = "--" in args
        return super().parse_args(ctx, args)


@click.command("exec", cls=_Exec, help=HELP)
@_flags
@options.connected
@click.argument("pod", metavar="POD | TYPE/NAME", shell_complete=completion.pods)
@click.argument("command", nargs=-1, required=True)
def exec_(session: Session, pod: str, command: tuple[str, ...], container: str, stdin: bool, tty: bool) -> None:
    """Run a command in a container."""
    from pyk8s.cli.terminal import execute

    target = parse_one(session.resources, [pod], session.namespace)
    tty = with_terminal(stdin, tty)
    words = command[1:] if command[0] == "--" else command
    if not words or words[0].startswith("-"):
        raise click.UsageError("say which command behind --: pyk8s exec POD -c NAME -- COMMAND")

    async def work(client: GrpcClient) -> int:
        found = (await pods_of(client, target))[0]
        place = PODS.within(found["metadata"]["namespace"]).of(found["metadata"]["name"])
        return await execute(client, place, container_of(found, container), words, stdin=stdin, tty=tty)

    raise SystemExit(session.run(work))


@click.command("attach")
@click.argument("pod", metavar="POD | TYPE/NAME", shell_complete=completion.pods)
@_flags
@options.connected
def attach(session: Session, pod: str, container: str, stdin: bool, tty: bool) -> None:
    """Join the program that a container runs.

    \b
    Examples:
      pyk8s attach -it web-1
    """
    from pyk8s.cli.terminal import attach as join

    target = parse_one(session.resources, [pod], session.namespace)
    tty = with_terminal(stdin, tty)

    async def work(client: GrpcClient) -> int:
        found = (await pods_of(client, target))[0]
        place = PODS.within(found["metadata"]["namespace"]).of(found["metadata"]["name"])
        return await join(client, place, container_of(found, container), stdin=stdin, tty=tty)

    raise SystemExit(session.run(work))
