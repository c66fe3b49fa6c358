"""The image of the end-to-end tests: busybox, bash and curl of this machine with the libraries they need."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

TOOLS = "pyk8s.test/tools:1"

DOCKERFILE = """FROM scratch
COPY root/ /
ENV PATH=/bin:/usr/bin
CMD ["/bin/sh"]
"""


def build_tools(cluster):
    """Build the image for all nodes of `cluster` and return its name."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root")
        fill(root)
        Path(folder, "Dockerfile").write_text(DOCKERFILE)
        cluster.run("image", "build", folder, "-t", TOOLS)
    return TOOLS


def fill(root):
    """A root file system with a shell, its usual tools, bash and curl."""
    for name in ("bin", "etc", "tmp", "usr/bin", "var", "root"):
        (root / name).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    busybox = shutil.which("busybox")
    assert busybox, "busybox is not installed (package busybox-static)"
    copy(Path(busybox), root / "bin/busybox")
    for applet in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
        if not (root / "bin" / applet).exists():
            (root / "bin" / applet).symlink_to("busybox")
    for program in ("bash", "curl"):
        found = shutil.which(program)
        assert found, f"{program} is not installed"
        copy(Path(found), root / "usr/bin" / program)
        for library in libraries(found):
            copy(Path(library), root / library.lstrip("/"))
    (root / "bin/bash").symlink_to("/usr/bin/bash")


def libraries(program):
    """The shared libraries that a program is linked with."""
    said = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return sorted(set(re.findall(r"(/\S+) \(0x", said)))


def copy(source, target):
    """Copy a file and its mode, and make the folders above it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        shutil.copy(source.resolve(), target)
