"""Names of images: `nginx` is docker.io/library/nginx:latest. Source: distribution/reference, "Reference" grammar."""

from __future__ import annotations

import re

from pyk8s.cluster.errors import ImageInvalid

LONGEST = 255

_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_NAME = re.compile(
    rf"(?:(?P<host>{_HOST})/)?(?P<path>{_PART}(?:/{_PART})*)(?::(?P<tag>\w[\w.-]{{0,127}}))?(?:@(?P<digest>sha256:[0-9a-f]{{64}}))?",
    re.ASCII,
)


def normalize(name: str) -> str:
    """The full name: registry, path, and a tag or digest. Raises ImageInvalid."""
    found = _NAME.fullmatch(name)
    if found is None or len(name) > LONGEST:
        raise ImageInvalid(f"{name!r} is no image name: write NAME, NAME:TAG or REGISTRY/NAME:TAG in lower case")
    host, path = found["host"], found["path"]
    if host and not ("." in host or ":" in host or host == "localhost"):
        # What looks like a host but is none is the first part of a path on the default registry.
        if host != host.lower():
            raise ImageInvalid(f"{name!r} is no image name: upper case is for registries and tags only")
        host, path = None, f"{host}/{path}"
    if host in (None, "index.docker.io", "docker.io"):
        host, path = "docker.io", path if "/" in path else f"library/{path}"
    suffix = (f":{found['tag']}" if found["tag"] else "") + (f"@{found['digest']}" if found["digest"] else "")
    return f"{host}/{path}{suffix or ':latest'}"


def familiar(name: str) -> str:
    """The short form of a full name, as people write it."""
    for prefix in ("docker.io/library/", "docker.io/"):
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name
