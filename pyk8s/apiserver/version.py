"""What this server says it is: the Kubernetes version whose API it speaks, and its own."""

from __future__ import annotations

import platform
from importlib import metadata

KUBERNETES = ("1", "37", "0")


def _own() -> str:
    try:
        return metadata.version("pyk8s")
    except metadata.PackageNotFoundError:
        return "0"


def _machine() -> str:
    machine = platform.machine()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


VERSION = {
    "major": KUBERNETES[0],
    "minor": KUBERNETES[1],
    "gitVersion": f"v{'.'.join(KUBERNETES)}+pyk8s.{_own()}",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": f"python{platform.python_version()}",
    "compiler": platform.python_implementation(),
    "platform": f"{platform.system().lower()}/{_machine()}",
}
"""The document at /version. Source: Kubernetes, version.Info."""
