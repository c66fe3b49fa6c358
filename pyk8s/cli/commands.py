"""Every command as a row: which file it is in, and what help says of it. The file is imported when the command is
used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One command: `attribute` of `pyk8s.cli.MODULE` is its click command, or a daemon's function of its file."""

    name: str
    module: str
    attribute: str
    summary: str


def _verbs(*rows: tuple[str, str, str]) -> tuple[Row, ...]:
    """Rows of verbs: name, MODULE[:ATTRIBUTE] below `verbs`, summary."""
    made = []
    for name, place, summary in rows:
        module, _, attribute = place.partition(":")
        made.append(Row(name, f"verbs.{module}", attribute or name, summary))
    return tuple(made)


def _daemons(*rows: tuple[str, str, str]) -> tuple[Row, ...]:
    """Rows of daemons: name, MODULE[:FUNCTION] below `daemons`, summary."""
    made = []
    for name, place, summary in rows:
        module, _, function = place.partition(":")
        made.append(Row(name, f"daemons.{module}", function or "main", summary))
    return tuple(made)


SECTIONS: dict[str, tuple[Row, ...]] = {
    "Clusters on this machine": _verbs(
        ("cluster", "cluster", "Bring clusters up and down, stop, start, list and inspect them."),
        ("node", "node", "Add, remove, stop and start nodes of a cluster."),
        ("image", "image", "Build, load, list and remove images."),
        ("kubeconfig", "kubeconfig", "Show a cluster's kubeconfig, or add it to another file."),
    ),
    "Objects": _verbs(
        ("apply", "apply", "Make the cluster match manifests."),
        ("diff", "diff", "Show what apply would change."),
        ("create", "create", "Create objects from manifests or from flags."),
        ("get", "get", "Show objects."),
        ("describe", "describe", "Show objects with their state and events."),
        ("replace", "replace", "Put objects in the place of those that are there, whole."),
        ("delete", "delete", "Delete objects, by name, selector or manifest."),
        ("edit", "edit", "Edit an object in an editor."),
        ("patch", "patch", "Change fields of an object."),
        ("label", "label", "Set or remove labels."),
        ("annotate", "label:annotate", "Set or remove annotations."),
        ("wait", "wait", "Wait for objects."),
        ("events", "events", "Show events."),
        ("explain", "explain", "Explain the fields of a kind."),
        ("api-resources", "api_resources:api_resources", "Show the kinds that the server serves."),
        ("api-versions", "api_resources:api_versions", "Show the group versions that the server serves."),
    ),
    "Workloads": _verbs(
        ("run", "run", "Run an image as one pod."),
        ("expose", "expose", "Make a Service for a workload."),
        ("scale", "scale", "Set the number of replicas."),
        ("set", "set:set_", "Change the image, environment or resources of a workload."),
        ("rollout", "rollout", "Watch, undo, restart, pause or resume a rollout."),
    ),
    "Inside pods": _verbs(
        ("logs", "logs", "Show the output of a container."),
        ("exec", "exec:exec_", "Run a command in a container."),
        ("attach", "exec:attach", "Join the program that a container runs."),
        ("cp", "cp", "Copy files and folders to and from containers."),
        ("port-forward", "port_forward:port_forward", "Reach a port of a pod under localhost."),
    ),
    "Nodes": _verbs(
        ("cordon", "drain:cordon", "Put no new pods on a node."),
        ("drain", "drain", "Empty a node for maintenance."),
        ("uncordon", "drain:uncordon", "Let pods come to a node again."),
        ("taint", "taint", "Keep pods that do not tolerate it away from a node."),
        (
            "net",
            "net",
            "Show where packets go and which rule decides; choose the proxy's mode and the way between nodes.",
        ),
    ),
    "The API": _verbs(
        ("cluster-info", "cluster_info:cluster_info", "Say where the API is and whether it answers."),
        ("auth", "auth", "Say who one is, and what one may do."),
        ("config", "config", "Show and change the contexts of a kubeconfig."),
    ),
    "This program": _verbs(
        ("version", "version", "Show the version."),
        ("completion", "completion", "Print a completion script for a shell."),
    ),
}
"""The commands people type, as `pyk8s --help` lists them."""

DAEMONS: tuple[Row, ...] = _daemons(
    ("apiserver", "apiserver", "The API server."),
    ("controllers", "controllers", "The controllers."),
    ("scheduler", "scheduler", "The scheduler."),
    ("control-plane", "control_plane", "API server, controllers and scheduler in one process."),
    ("kubelet", "node:kubelet", "The kubelet of one node."),
    ("network-agent", "node:network", "The network agent of one node."),
    ("proxy", "node:proxy", "The proxy of one node."),
)
"""The programs of a cluster: each takes `--config FILE`. The node's is `pyk8s node --config FILE`."""

ROWS: dict[str, Row] = {row.name: row for rows in (*SECTIONS.values(), DAEMONS) for row in rows}
