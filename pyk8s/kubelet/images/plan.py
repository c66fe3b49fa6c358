"""What to do about a container's image. Pure. Source: Kubernetes documentation, "Images" (pull policy, back-off)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

Step: TypeAlias = Literal["use", "pull", "refuse"]

FIRST_DELAY, LONGEST_DELAY = 10.0, 300.0
DEFAULT_REGISTRY = "docker.io"


def plan_image(policy: str, *, present: bool) -> Step:
    """Whether to use the image that is there, to pull it, or to refuse the container."""
    if policy == "Never":
        return "use" if present else "refuse"
    return "use" if present and policy == "IfNotPresent" else "pull"


def delay(failures: int) -> float:
    """Seconds to wait after the n-th failure in a row: 10, 20, 40, … at most 300."""
    return min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(max(0, failures - 1), 16))


def registry_of(image: str) -> str:
    """The registry an image name speaks of: "localhost:5000/a" is localhost:5000, "nginx" is docker.io."""
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else DEFAULT_REGISTRY


def credentials(image: str, configs: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The credentials in docker configurations that fit the image's registry, the longest key first.

    A key is a host, with or without scheme and path ("https://index.docker.io/v1/"); a leading "*." fits one label.
    """
    found: list[tuple[int, dict[str, str]]] = []
    name = image if registry_of(image) != DEFAULT_REGISTRY else f"{DEFAULT_REGISTRY}/{image}"
    for config in configs:
        for key, entry in (config.get("auths") or {}).items():
            where = _plain(key)
            if _fits(where, name) and isinstance(entry, Mapping):
                found.append((len(where), {str(field): str(value) for field, value in entry.items()}))
    return [entry for _, entry in sorted(found, key=lambda each: each[0], reverse=True)]


def _plain(key: str) -> str:
    where = key.removeprefix("https://").removeprefix("http://").rstrip("/")
    host, _, path = where.partition("/")
    if host in ("index.docker.io", "registry-1.docker.io", DEFAULT_REGISTRY):
        host = DEFAULT_REGISTRY
    return host if path in ("", "v1", "v2") else f"{host}/{path}"


def _fits(where: str, image: str) -> bool:
    host, _, path = where.partition("/")
    registry, _, rest = image.partition("/")
    if path and not (rest == path or rest.startswith((f"{path}/", f"{path}:", f"{path}@"))):
        return False
    if host.startswith("*."):
        return registry.partition(".")[2] == host[2:]
    return host == registry
