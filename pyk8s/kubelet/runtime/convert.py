"""CRI messages as views. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pyk8s.gen.cri.v1 import runtime_pb2 as cri
from pyk8s.kubelet.pod import names
from pyk8s.kubelet.runtime.interface import ImageView, Summary
from pyk8s.kubelet.values import ContainerState, ContainerView, SandboxView

STATES: tuple[ContainerState, ...] = ("created", "running", "exited", "unknown")
"""Container states at their numbers in CRI."""

DEFAULT_GRACE = 30


def sandbox_view(message: cri.PodSandbox | cri.PodSandboxStatus, ips: tuple[str, ...] = ()) -> SandboxView:
    """A sandbox, listed or asked for."""
    return SandboxView(
        id=message.id,
        uid=message.metadata.uid,
        name=message.metadata.name,
        namespace=message.metadata.namespace,
        attempt=message.metadata.attempt,
        ready=message.state == cri.SANDBOX_READY,
        created_at=message.created_at / 1e9,
        ips=ips,
        grace_seconds=_number(message.annotations, names.GRACE_SECONDS, DEFAULT_GRACE),
    )


def addresses(status: cri.PodSandboxStatus) -> tuple[str, ...]:
    """The addresses of a sandbox; none in the node's network."""
    network = status.network
    return tuple(ip for ip in (network.ip, *(each.ip for each in network.additional_ips)) if ip)


def summary(message: cri.Container) -> Summary:
    """A container from a list."""
    return Summary(message.id, message.labels.get(names.POD_UID, ""), message.pod_sandbox_id, STATES[message.state])


def container_view(message: cri.ContainerStatus, sandbox_id: str) -> ContainerView:
    """A container in full; its status does not say which sandbox it is in."""
    return ContainerView(
        id=message.id,
        sandbox_id=sandbox_id,
        uid=message.labels.get(names.POD_UID, ""),
        name=message.metadata.name,
        attempt=message.metadata.attempt,
        state=STATES[message.state],
        created_at=message.created_at / 1e9,
        started_at=message.started_at / 1e9,
        finished_at=message.finished_at / 1e9,
        exit_code=message.exit_code,
        reason=message.reason,
        message=message.message,
        image=message.image.user_specified_image or message.image.image,
        image_id=message.image_ref,
        spec_hash=message.annotations.get(names.SPEC_HASH, ""),
        crashes=_number(message.annotations, names.CRASHES, 0),
        grace_seconds=_number(message.annotations, names.GRACE_SECONDS, DEFAULT_GRACE),
        log_path=message.log_path,
    )


def image_view(message: cri.Image) -> ImageView:
    """An image."""
    return ImageView(
        id=message.id,
        tags=tuple(message.repo_tags),
        digests=tuple(message.repo_digests),
        size=message.size,
        uid=message.uid.value if message.HasField("uid") else None,
        user=message.username,
        pinned=message.pinned,
    )


def _number(annotations: Mapping[str, str], key: str, otherwise: int) -> int:
    text = annotations.get(key, "")
    return int(text) if text.isdigit() else otherwise
