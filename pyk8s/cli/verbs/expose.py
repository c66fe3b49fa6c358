"""`pyk8s expose`: a Service for something that has pods."""

from __future__ import annotations

from typing import Any

import click
import orjson

from pyk8s.cli import completion, generators, options
from pyk8s.cli.session import Session
from pyk8s.cli.targets import Target, parse_one
from pyk8s.cli.verbs.create import create_one

HELP = """Make a Service for a deployment, replica set, pod or service.

\b
Examples:
  pyk8s expose deployment web --port=80 --target-port=8080
  pyk8s expose pod db --port=5432 --name=database
  pyk8s expose deploy/web --type=NodePort --port=80
"""


@click.command("expose", help=HELP)
@click.argument("words", nargs=-1, metavar="TYPE NAME | TYPE/NAME", shell_complete=completion.targets)
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="The service's port [the container's].")
@click.option("--target-port", default="", help="The pods' port, by number or name [the same].")
@click.option("--protocol", type=click.Choice(["TCP", "UDP", "SCTP"]), default="TCP", show_default=True)
@click.option("--type", "kind", type=click.Choice(["ClusterIP", "NodePort", "LoadBalancer"]), default="ClusterIP")
@click.option("--name", default="", help="The service's name [that of the object].")
@click.option("--selector", default="", metavar="LABELS", help="Which pods [the object's].")
@click.option("--cluster-ip", default="", help='The address, or "None" for a headless service.')
@click.option("--external-ip", multiple=True, help="An address from outside; may be given again.")
@click.option("--session-affinity", type=click.Choice(["None", "ClientIP"]), default=None)
@options.output
@options.dry_run
@options.connected
def expose(session: Session, words: tuple[str, ...], **flags: Any) -> None:
    """Make a Service."""
    target = parse_one(session.resources, words, session.namespace)
    exposed = orjson.loads(session.run(lambda client: client.get(target.ref)))
    selector = generators.pairs(flags["selector"].split(","), "--selector") if flags["selector"] else None
    made = generators.service(
        flags["name"] or target.name,
        flags["kind"],
        ports=service_ports(exposed, flags),
        selector=selector or selector_of(exposed, target),
        clusterIP=flags["cluster_ip"],
        externalIPs=list(flags["external_ip"]),
        sessionAffinity=flags["session_affinity"],
    )
    made["metadata"]["labels"] = exposed["metadata"].get("labels") or {}
    create_one(session, made, flags)


def selector_of(exposed: dict[str, Any], target: Target) -> dict[str, str]:
    """The labels that the object's pods have. Raises click.ClickException when it cannot say them."""
    spec = exposed.get("spec") or {}
    if target.resource.kind == "Pod":
        labels = exposed["metadata"].get("labels")
    elif target.resource.kind in ("Service", "ReplicationController"):
        labels = spec.get("selector")
    else:
        if (spec.get("selector") or {}).get("matchExpressions"):
            raise click.ClickException(f"{target.label} selects by expressions: name the pods with --selector")
        labels = (spec.get("selector") or {}).get("matchLabels")
    if not labels:
        raise click.ClickException(f"{target.label} has no labels to select its pods by: give --selector")
    return dict(labels)


def service_ports(exposed: dict[str, Any], flags: dict[str, Any]) -> list[dict[str, Any]]:
    """The ports of the service: the one given, or those of the containers."""
    target: Any = flags["target_port"]
    target = int(target) if target.isdigit() else target
    if flags["port"]:
        return [{"port": flags["port"], "protocol": flags["protocol"], "targetPort": target or flags["port"]}]
    spec = exposed.get("spec") or {}
    containers = (spec.get("template") or {}).get("spec", spec).get("containers") or ()
    ports = [port for container in containers for port in container.get("ports") or ()]
    if not ports:
        raise click.ClickException("no container says which port it has: give --port")
    return [
        {
            "port": port["containerPort"],
            "protocol": port.get("protocol", "TCP"),
            "targetPort": target or port["containerPort"],
        }
        | ({"name": port.get("name") or f"port-{number}"} if len(ports) > 1 else {})
        for number, port in enumerate(ports, 1)
    ]
