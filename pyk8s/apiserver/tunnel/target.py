"""Which pod, container and node a stream is for, decided from the objects and the parameters of the request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyk8s.api.errors import ApiError, Cause, bad_request, invalid
from pyk8s.api.objectmeta import parse_time
from pyk8s.apiserver.parameters import Parameters, first, number, truth
from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


def container_of(pod: Mapping[str, Any], asked: str) -> str:
    """The container `asked` for, or the one the pod's annotation prefers, or its only one. Raises ApiError
    (BadRequest) when that is not clear."""
    spec, name = pod.get("spec") or {}, pod["metadata"]["name"]
    usual = _names(spec, "containers")
    early = _names(spec, "initContainers")
    late = _names(spec, "ephemeralContainers")
    if asked:
        if asked not in (*usual, *early, *late):
            raise bad_request(f"container {asked} is not valid for pod {name}")
        return asked
    preferred: str = (pod["metadata"].get("annotations") or {}).get(DEFAULT_CONTAINER, "")
    if len(usual) == 1 or preferred in usual:
        return preferred if preferred in usual else usual[0]
    said = f"a container name must be specified for pod {name}, choose one of: [{' '.join(usual)}]"
    said += f" or one of the init containers: [{' '.join(early)}]" if early else ""
    said += f" or one of the ephemeral containers: [{' '.join(late)}]" if late else ""
    raise bad_request(said)


def node_of(pod: Mapping[str, Any]) -> str:
    """The node the pod is on. Raises ApiError (BadRequest) when it is on none yet."""
    node: str = (pod.get("spec") or {}).get("nodeName") or ""
    if not node:
        raise bad_request(f"pod {pod['metadata']['name']} does not have a host assigned")
    return node


def address_of(node: Mapping[str, Any]) -> str:
    """host:port of the node agent's streams. Raises ApiError (ServiceUnavailable) when the node did not say."""
    name, status = node["metadata"]["name"], node.get("status") or {}
    port = ((status.get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}).get("Port") or 0
    for address in status.get("addresses") or ():
        if address.get("type") == "InternalIP" and port:
            host = address["address"]
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    raise ApiError("ServiceUnavailable", f"node {name} has not said yet where its agent can be reached", retry_after=1)


def pod_ref(pod: Mapping[str, Any], container: str) -> pb.PodRef:
    """The pod as the node agent is told of it."""
    metadata = pod["metadata"]
    return pb.PodRef(
        namespace=metadata["namespace"], name=metadata["name"], uid=metadata.get("uid", ""), container=container
    )


def logs_request(pod: Mapping[str, Any], given: Parameters) -> pb.LogsRequest:
    """What is asked of a log. Raises ApiError (BadRequest, Invalid)."""
    tail, since, limit = number(given, "tailLines"), number(given, "sinceSeconds"), number(given, "limitBytes")
    since_time = _time(given, "sinceTime")
    wrong = []
    if tail is not None and tail < 0:
        wrong.append(
            Cause("FieldValueInvalid", f"Invalid value: {tail}: must be greater than or equal to 0", "tailLines")
        )
    if since is not None and since < 1:
        wrong.append(Cause("FieldValueInvalid", f"Invalid value: {since}: must be greater than 0", "sinceSeconds"))
    if limit is not None and limit < 1:
        wrong.append(Cause("FieldValueInvalid", f"Invalid value: {limit}: must be greater than 0", "limitBytes"))
    if since is not None and since_time:
        said = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"
        wrong.append(Cause("FieldValueForbidden", said, "sinceSeconds"))
    if wrong:
        raise invalid("", "PodLogOptions", pod["metadata"]["name"], wrong)
    return pb.LogsRequest(
        pod=pod_ref(pod, container_of(pod, first(given, "container"))),
        follow=truth(given, "follow"),
        previous=truth(given, "previous"),
        timestamps=truth(given, "timestamps"),
        tail_lines=tail,
        since_seconds=since,
        since_time=since_time,
        limit_bytes=limit,
    )


def open_frame(pod: Mapping[str, Any], given: Parameters, *, attach: bool) -> pb.Open:
    """What is asked of an exec or attach. Raises ApiError (BadRequest)."""
    command = list(given.get("command") or ())
    if not attach and not command:
        raise bad_request("you must specify at least one command to execute")
    stdin, stdout, stderr, tty = (truth(given, name) for name in ("stdin", "stdout", "stderr", "tty"))
    if not (stdin or stdout or stderr):
        raise bad_request("you must specify at least 1 of stdin, stdout, stderr")
    return pb.Open(
        pod=pod_ref(pod, container_of(pod, first(given, "container"))),
        command=command,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr and not tty,
        tty=tty,
    )


def _names(spec: Mapping[str, Any], field: str) -> list[str]:
    return [container["name"] for container in spec.get(field) or ()]


def _time(given: Parameters, name: str) -> str:
    text = first(given, name)
    if text:
        try:
            parse_time(text)
        except ValueError as why:
            raise bad_request(f"the parameter {name}: {why}") from why
    return text
