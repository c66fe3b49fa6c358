"""`pyk8s run`: one pod from an image, attached to if asked."""

from __future__ import annotations

from typing import Any

import click
import orjson

from pyk8s.api.refs import PODS
from pyk8s.cli import generators, options
from pyk8s.cli.session import Session
from pyk8s.cli.verbs.create import create_one

HELP = """Run an image as one pod.

\b
Examples:
  pyk8s run web --image=nginx --port=80
  pyk8s run -it --rm shell --image=busybox -- sh
  pyk8s run job --image=busybox --restart=Never -- echo done
"""


@click.command("run", help=HELP, context_settings={"allow_interspersed_args": True})
@click.argument("name")
@click.argument("args", nargs=-1)
@click.option("--image", required=True, help="The image to run.")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="The port it listens on.")
@click.option("--env", multiple=True, metavar="NAME=VALUE", help="An environment variable; may be given again.")
@click.option("--labels", multiple=True, metavar="KEY=VALUE,…", help="Labels instead of run=NAME.")
@click.option("--restart", type=click.Choice(["Always", "OnFailure", "Never"]), default="Always", show_default=True)
@click.option("--command", "as_command", is_flag=True, help="The words after -- replace the image's command.")
@click.option("--requests", default="", metavar="cpu=…,memory=…", help="What it asks for.")
@click.option("--limits", default="", metavar="cpu=…,memory=…", help="What it may use.")
@click.option("-i", "--stdin", is_flag=True, help="Keep standard input open and attach to it.")
@click.option("-t", "--tty", is_flag=True, help="Give it a terminal.")
@click.option("--attach", is_flag=True, help="Wait until it runs and show its output.")
@click.option("--rm", is_flag=True, help="Delete the pod afterwards; only when attached.")
@options.output
@options.dry_run
@options.connected
def run(session: Session, name: str, args: tuple[str, ...], **flags: Any) -> None:
    """Run an image as one pod."""
    attached = flags["stdin"] or flags["attach"]
    if flags["rm"] and not attached:
        raise click.UsageError("--rm needs -i or --attach: without them nobody knows when the pod has ended")
    if flags["tty"] and not flags["stdin"]:
        raise click.UsageError("-t needs -i: a terminal without input cannot be typed into")
    parts: dict[str, Any] = {"port": flags["port"] or 0, "env": flags["env"]}
    parts["command" if flags["as_command"] else "args"] = args
    made = generators.pod(
        name,
        flags["image"],
        labels=generators.pairs(flags["labels"], "--labels"),
        restart=flags["restart"] if not (attached and flags["rm"]) else "Never",
        stdin=flags["stdin"],
        tty=flags["tty"],
        resources=generators.resources(flags["requests"], flags["limits"]),
        **parts,
    )
    if not attached or flags["dry_run"] != "none":
        create_one(session, made, flags)
        return
    raise SystemExit(session.run(lambda client: _attached(client, session, made, flags)))


async def _attached(client: Any, session: Session, made: dict[str, Any], flags: dict[str, Any]) -> int:
    from pyk8s.cli.terminal import attach
    from pyk8s.cli.verbs.wait import until_running

    collection = PODS.within(session.namespace)
    pod = collection.of(made["metadata"]["name"])
    await client.create(collection, orjson.dumps(made), strict=True, manager="pyk8s-run")
    try:
        await until_running(client, pod)
        return await attach(client, pod, stdin=flags["stdin"], tty=flags["tty"])
    finally:
        if flags["rm"]:
            await client.delete(pod, grace_seconds=0)
            click.echo(f'pod "{pod.name}" deleted', err=True)
