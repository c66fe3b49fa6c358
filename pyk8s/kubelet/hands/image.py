"""Images brought onto the node for the next start of a container."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import orjson

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import SECRETS
from pyk8s.kubelet.host import Host
from pyk8s.kubelet.memory import Memory
from pyk8s.kubelet.spec import Pod
from pyk8s.kubelet.values import EnsureImage

CONFIG_KEY, OLD_CONFIG_KEY = ".dockerconfigjson", ".dockercfg"


async def ensure_image(host: Host, memory: Memory, pod: Pod, action: EnsureImage) -> None:
    """See to it that the container's image is there. Raises PodError, RuntimeTrouble."""
    container = pod.container(action.name)
    if container is None:
        return
    secrets = await pull_secrets(host, pod) if container.pull_policy != "Never" else []

    def tell(type_: str, reason: str, message: str) -> None:
        host.tell(pod, type_, reason, message, container.name)

    memory.images[action.name] = await host.puller.ensure(
        memory.uid, container.image, container.pull_policy, secrets, tell
    )


async def pull_secrets(host: Host, pod: Pod) -> list[dict[str, Any]]:
    """The docker configurations in the pod's imagePullSecrets; one that cannot be had is left out."""
    found = []
    for ref in pod.spec.image_pull_secrets:
        try:
            body = await host.client.get(SECRETS.of(ref.name, pod.metadata.namespace))
        except ApiError as why:
            message = f"Unable to retrieve image pull secret {ref.name}: {why}"
            host.tell(pod, "Warning", "FailedToRetrieveImagePullSecret", message)
            continue
        config = docker_config(orjson.loads(body).get("data") or {})
        if config is not None:
            found.append(config)
    return found


def docker_config(data: dict[str, str]) -> dict[str, Any] | None:
    """The docker configuration in a secret's data, of the new or the old form; None when it holds none."""
    try:
        if CONFIG_KEY in data:
            config = orjson.loads(b64decode(data[CONFIG_KEY], validate=True))
            return config if isinstance(config, dict) else None
        if OLD_CONFIG_KEY in data:
            return {"auths": orjson.loads(b64decode(data[OLD_CONFIG_KEY], validate=True))}
    except ValueError:  # no base64, no JSON
        return None
    return None
