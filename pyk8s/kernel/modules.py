"""Parts of the kernel that are loaded when somebody asks for them."""

from __future__ import annotations

import errno
import shutil
import subprocess

from pyk8s.kernel.errors import Unsupported, refused

SECONDS = 20.0
"""How long loading may take."""


def load(name: str) -> None:
    """Load the module `name`; raises Unsupported, with what modprobe says, when this machine has none of that name,
    and Refused when modprobe cannot be started."""
    program = shutil.which("modprobe") or shutil.which("modprobe", path="/usr/sbin:/sbin")
    if program is None:
        raise Unsupported(f"the kernel module {name} is needed, and modprobe is not installed: install kmod")
    try:
        done = subprocess.run([program, "-q", name], capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as why:
        raise Unsupported(f"the kernel module {name} was not loaded within {SECONDS:.0f} s") from why
    except OSError as why:
        raise refused(f"load the kernel module {name}", why.errno or errno.EIO) from why
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise Unsupported(f"the kernel module {name} cannot be loaded{': ' + said if said else ''}")
