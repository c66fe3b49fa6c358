"""`pyk8s cordon|uncordon|drain`: a node out of service and back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
import orjson

from pyk8s.aio import clock
from pyk8s.aio.backoff import Backoff, Schedule
from pyk8s.api.errors import ApiError
from pyk8s.api.refs import DAEMON_SETS, NODES, PODS, Ref
from pyk8s.cli import completion, options
from pyk8s.cli.durations import seconds
from pyk8s.cli.session import Session, warn
from pyk8s.cli.targets import parse_targets
from pyk8s.cli.waiting import until_gone
from pyk8s.client.interface import Client, PatchType

Object = Mapping[str, Any]

MIRROR = "kubernetes.io/config.mirror"

RETRY = Schedule(first=5.0, factor=1.0, limit=5.0, jitter=0.0)
"""How long to wait when a disruption budget refuses an eviction. Source: kubectl drain."""

HELP = """Empty a node for maintenance: no new pods, and the old ones evicted.

\b
Examples:
  pyk8s drain node-2 --ignore-daemonsets
  pyk8s drain node-2 --delete-emptydir-data --grace-period=10
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a drain does with one pod: evict it, leave it (`why` is a note), or give up because of it."""

    pod: Object
    action: str
    why: str = ""


def judge_pod(
    pod: Object, *, force: bool, ignore_daemon_sets: bool, delete_empty_dirs: bool, orphan_set: bool
) -> Verdict:
    """ "evict", "leave" or "refuse". `orphan_set` says that the pod's DaemonSet does not exist any more.

    Source: the filters of kubectl drain.
    """
    metadata, phase = pod["metadata"], (pod.get("status") or {}).get("phase")
    if MIRROR in (metadata.get("annotations") or {}):
        return Verdict(pod, "leave")
    if phase in ("Succeeded", "Failed"):
        return Verdict(pod, "evict")
    owner = next((each for each in metadata.get("ownerReferences") or () if each.get("controller")), None)
    if owner and owner["kind"] == "DaemonSet" and not orphan_set:
        if ignore_daemon_sets:
            return Verdict(pod, "leave", "ignoring DaemonSet-managed pods")
        return Verdict(pod, "refuse", "DaemonSet-managed pods (use --ignore-daemonsets to ignore)")
    if any("emptyDir" in volume for volume in pod["spec"].get("volumes") or ()) and not delete_empty_dirs:
        return Verdict(pod, "refuse", "pods with local storage (use --delete-emptydir-data to delete their data)")
    if owner is None and not force:
        return Verdict(pod, "refuse", "pods that declare no controller (use --force to delete them for good)")
    return Verdict(pod, "evict")


def _nodes(session: Session, names: Sequence[str], selector: str) -> list[Ref]:
    if bool(names) == bool(selector):
        raise click.UsageError("name nodes, or give a selector (-l)")
    if not selector:
        words = [name.partition("/")[2] if "/" in name else name for name in names]
        return [target.ref for target in parse_targets(session.resources, ["nodes", *words], "")]
    listing = session.run(lambda client: client.list(NODES, labels=selector))
    return [NODES.of(orjson.loads(body)["metadata"]["name"]) for body in listing.items]


async def set_unschedulable(client: Client, node: Ref, wanted: bool) -> None:
    """Mark the node, unless it is so already, and say it."""
    held = bool((orjson.loads(await client.get(node)).get("spec") or {}).get("unschedulable"))
    word = "cordoned" if wanted else "uncordoned"
    if held == wanted:
        click.echo(f"node/{node.name} already {word}")
        return
    patch = orjson.dumps({"spec": {"unschedulable": True if wanted else None}})
    await client.patch(node, patch, PatchType.MERGE, manager="pyk8s-cordon")
    click.echo(f"node/{node.name} {word}")


def _mark_command(name: str, wanted: bool, text: str) -> click.Command:
    @click.command(name, help=f"{text}\n\n\b\nExamples:\n  pyk8s {name} node-1\n")
    @click.argument("names", nargs=-1, metavar="NODE…", shell_complete=completion.nodes)
    @click.option("-l", "--selector", default="", metavar="LABELS", help="All nodes with these labels.")
    @options.connected
    def command(session: Session, names: tuple[str, ...], selector: str) -> None:
        nodes = _nodes(session, names, selector)

        async def work(client: Client) -> None:
            for node in nodes:
                await set_unschedulable(client, node, wanted)

        session.run(work)

    return command


cordon = _mark_command("cordon", True, "Put no new pods on a node.")
uncordon = _mark_command("uncordon", False, "Let pods come to a node again.")


@click.command("drain", help=HELP)
@click.argument("names", nargs=-1, metavar="NODE…", shell_complete=completion.nodes)
@click.option("-l", "--selector", default="", metavar="LABELS", help="All nodes with these labels.")
@click.option("--ignore-daemonsets", is_flag=True, help="Leave pods of DaemonSets where they are.")
@click.option("--delete-emptydir-data", is_flag=True, help="Pods with emptyDir volumes too: what is in them is lost.")
@click.option("--force", is_flag=True, help="Pods without a controller too: nobody makes them again.")
@click.option("--disable-eviction", is_flag=True, help="Delete instead, past disruption budgets.")
@click.option("--grace-period", type=int, default=-1, help="Seconds for each pod to end in; -1: its own.")
@click.option("--pod-selector", default="", metavar="LABELS", help="Only pods with these labels.")
@click.option("--timeout", default="0s", help="How long at most; 0s: without end.")
@click.option("--dry-run", is_flag=True, help="Only say which pods would go.")
@options.connected
def drain(session: Session, names: tuple[str, ...], selector: str, timeout: str, **flags: Any) -> None:
    """Empty a node for maintenance."""
    nodes = _nodes(session, names, selector)
    limit = seconds(timeout, "--timeout")

    async def work(client: Client) -> None:
        for node in nodes:
            if not flags["dry_run"]:
                await set_unschedulable(client, node, True)
            try:
                async with asyncio.timeout(limit or None):
                    await _drain(client, node, flags)
            except TimeoutError:
                raise click.ClickException(
                    f"node/{node.name}: not drained within {timeout}; it stays cordoned"
                ) from None
            click.echo(f"node/{node.name} drained{' (dry run)' if flags['dry_run'] else ''}")

    session.run(work)


async def _drain(client: Client, node: Ref, flags: dict[str, Any]) -> None:
    listing = await client.list(PODS, fields=f"spec.nodeName={node.name}", labels=flags["pod_selector"])
    verdicts = []
    for body in listing.items:
        pod = orjson.loads(body)
        verdicts.append(
            judge_pod(
                pod,
                force=flags["force"],
                ignore_daemon_sets=flags["ignore_daemonsets"],
                delete_empty_dirs=flags["delete_emptydir_data"],
                orphan_set=await _orphan_of_daemon_set(client, pod),
            )
        )
    refused = [verdict for verdict in verdicts if verdict.action == "refuse"]
    if refused:
        lines = "\n  ".join(f"{_name(verdict.pod)}: {verdict.why}" for verdict in refused)
        raise click.ClickException(f"node/{node.name} cannot be drained:\n  {lines}")
    for verdict in verdicts:
        if verdict.why:
            warn(f"{verdict.why}: {_name(verdict.pod)}")
    leaving = [verdict.pod for verdict in verdicts if verdict.action == "evict"]
    if flags["dry_run"]:
        for pod in leaving:
            click.echo(f"evicting pod {_name(pod)} (dry run)")
        return
    await asyncio.gather(*(_evict(client, pod, flags) for pod in leaving))


async def _orphan_of_daemon_set(client: Client, pod: Object) -> bool:
    owner = next((each for each in pod["metadata"].get("ownerReferences") or () if each.get("controller")), None)
    if owner is None or owner["kind"] != "DaemonSet":
        return False
    try:
        await client.get(DAEMON_SETS.within(pod["metadata"]["namespace"]).of(owner["name"]))
    except ApiError as why:
        if why.reason == "NotFound":
            return True
        raise
    return False


def _name(pod: Object) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


async def _evict(client: Client, pod: Object, flags: dict[str, Any]) -> None:
    place = PODS.within(pod["metadata"]["namespace"]).of(pod["metadata"]["name"])
    grace = flags["grace_period"] if flags["grace_period"] >= 0 else None
    click.echo(f"evicting pod {_name(pod)}")
    backoff = Backoff(RETRY)
    while True:
        try:
            await _ask(client, place, pod, grace, flags["disable_eviction"])
            break
        except ApiError as why:
            if why.reason == "NotFound":
                break
            if why.reason != "TooManyRequests":
                raise
            click.echo(f"pod {_name(pod)} cannot be evicted yet, trying again: {why.message}", err=True)
            await clock.sleep(backoff.fail())
    await until_gone(client, place, uid=pod["metadata"]["uid"])
    click.echo(f"pod/{place.name} evicted")


async def _ask(client: Client, place: Ref, pod: Object, grace: int | None, delete: bool) -> None:
    if delete:
        await client.delete(place, grace_seconds=grace, uid=pod["metadata"]["uid"])
        return
    options_ = {"gracePeriodSeconds": grace} if grace is not None else {}
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": place.name, "namespace": place.namespace},
        "deleteOptions": options_,
    }
    await client.create(place.sub("eviction"), orjson.dumps(eviction))
