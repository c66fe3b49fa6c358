"""A real containerd in namespaces of its own, and images for it: what the kubelet's tests on real containers run on.

The test's own thread enters the network and mount namespace, so that the kubelet sees pods and mounts as on a node.
containerd is the first process of a PID namespace: however a test run ends, everything dies with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import select
import shutil
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyk8s.kernel import syscalls

CLONE_NEWNS, CLONE_FS = 0x20000, 0x200
IMAGE = "test.local/busybox:1"
ROOTLESS_IMAGE = "test.local/nobody:1"
NAMED_USER_IMAGE = "test.local/named:1"
PAUSE = "test.local/pause:1"
START_SECONDS = 30.0


@dataclass
class Rig:
    """A running containerd."""

    folder: Path
    process: subprocess.Popen[bytes]
    net: int
    mnt: int

    @property
    def endpoint(self) -> str:
        """Its socket."""
        return f"unix://{self.folder}/containerd.sock"

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """This thread, and those it starts, in the node's network and mount namespaces."""
        syscalls.unshare(CLONE_FS)
        before = [os.open(f"/proc/thread-self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC) for kind in ("net", "mnt")]
        cwd = Path.cwd()
        syscalls.setns(self.mnt, CLONE_NEWNS)
        syscalls.setns(self.net)
        try:
            yield
        finally:
            syscalls.unshare(CLONE_FS)  # threads started meanwhile share it again, and setns refuses that
            syscalls.setns(before[0])
            syscalls.setns(before[1], CLONE_NEWNS)
            os.chdir(cwd)
            for each in before:
                os.close(each)


@contextlib.contextmanager
def containerd(folder: Path) -> Iterator[Rig]:
    """Start a containerd that keeps everything below `folder`, with a bridge for its pods and the test images."""
    folder.mkdir(parents=True, exist_ok=True)
    started: list[Rig] = []
    failed: list[BaseException] = []

    def start() -> None:
        try:
            started.append(_start(folder))
        except BaseException as why:
            failed.append(why)

    thread = threading.Thread(target=start)  # it leaves the namespaces of the test run for good
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    rig = started[0]
    try:
        with rig.inside():
            for name, user in ((IMAGE, ""), (ROOTLESS_IMAGE, "65534"), (NAMED_USER_IMAGE, "daemon"), (PAUSE, "")):
                load(rig, name, user=user)
        yield rig
    finally:
        rig.process.kill()
        rig.process.wait()
        os.close(rig.net)
        os.close(rig.mnt)
        _remove_groups(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> Rig:
    syscalls.unshare(syscalls.CLONE_NEWNET | CLONE_NEWNS)
    syscalls.mount("", "/", flags=syscalls.MS_REC | syscalls.MS_PRIVATE)
    syscalls.mount("", "/", flags=syscalls.MS_REC | syscalls.MS_SHARED)
    run = folder / "run"
    run.mkdir()
    syscalls.mount(str(run), "/run", flags=syscalls.MS_BIND)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    net = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    mnt = os.open("/proc/thread-self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    _write_network(folder)
    config = folder / "config.toml"
    config.write_text(_config(folder))
    log = (folder / "containerd.log").open("wb")
    command = ["unshare", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc", "--propagation", "unchanged"]
    process = subprocess.Popen([*command, "containerd", "-c", str(config)], stdout=log, stderr=log)
    rig = Rig(folder, process, net, mnt)
    _await(lambda: _answers(rig), process, folder / "containerd.log")
    return rig


def _answers(rig: Rig) -> bool:
    return (rig.folder / "containerd.sock").exists() and ctr(rig, "version", check=False).returncode == 0


def _await(condition, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for `condition`, woken by the process's end or a short tick."""
    end = time.monotonic() + START_SECONDS
    watch = os.pidfd_open(process.pid)
    try:
        while not condition():
            if select.select([watch], [], [], 0.05)[0] or time.monotonic() > end:
                raise RuntimeError(f"containerd does not answer:\n{log.read_text()[-4000:]}")
    finally:
        os.close(watch)


def _write_network(folder: Path) -> None:
    conf = folder / "cni"
    conf.mkdir()
    ipam = {
        "type": "host-local",
        "dataDir": str(folder / "leases"),
        "ranges": [[{"subnet": "10.77.0.0/24"}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "hairpinMode": True, "ipam": ipam}
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    document = {"cniVersion": "0.4.0", "name": "test", "plugins": [bridge, portmap]}
    (conf / "10-test.conflist").write_text(json.dumps(document))


def _config(folder: Path) -> str:
    return f"""
version = 2
root = "{folder}/root"
state = "{folder}/state"
[grpc]
  address = "{folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE}"
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{folder}/certs"
"""


def ctr(rig: Rig, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    """Run containerd's own client."""
    command = ["ctr", "-a", f"{rig.folder}/containerd.sock", "-n", "k8s.io", *arguments]
    return subprocess.run(command, capture_output=True, check=check, timeout=60)


def load(rig: Rig, name: str, *, user: str = "") -> None:
    """Import an image of busybox."""
    archive = rig.folder / "image.tar"
    archive.write_bytes(image_archive(name, user))
    ctr(rig, "images", "import", str(archive))
    archive.unlink()


def image_archive(name: str, user: str = "") -> bytes:
    """A docker archive: busybox with all its applets, started as a sleeping shell."""
    layer = _layer()
    digest = hashlib.sha256(layer).hexdigest()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": ["/bin/sleep", "1000000"], "User": user, "Env": ["PATH=/bin", "FROM_IMAGE=yes"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for path, content in (
            ("config.json", json.dumps(config).encode()),
            ("layer.tar", layer),
            ("manifest.json", json.dumps(manifest).encode()),
        ):
            _add(tar, path, content)
    return made.getvalue()


def _layer() -> bytes:
    made = io.BytesIO()
    busybox = Path("/bin/busybox").read_bytes()
    applets = subprocess.run(["/bin/busybox", "--list"], capture_output=True, check=True, text=True).stdout.split()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for folder in ("bin", "etc", "tmp", "proc", "sys", "dev", "root"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            tar.addfile(entry)
        _add(tar, "bin/busybox", busybox, 0o755)
        for applet in applets:
            if applet != "busybox":
                entry = tarfile.TarInfo(f"bin/{applet}")
                entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, "busybox", 0o777
                tar.addfile(entry)
        _add(tar, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/:/bin/false\n")
        _add(tar, "etc/group", b"root:x:0:\ndaemon:x:1:\n")
    return made.getvalue()


def _add(tar: tarfile.TarFile, path: str, content: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


def group_parent(folder: Path) -> str:
    """A control group of this rig's own."""
    return f"/pyk8s-test-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"


def _remove_groups(folder: Path) -> None:
    """Remove the rig's control groups; the kernel needs a moment to let go of dead processes."""
    name = group_parent(folder).strip("/")
    for _ in range(100):
        left = [top / name for top in Path("/sys/fs/cgroup").iterdir() if (top / name).is_dir()]
        if not left:
            return
        for start in left:
            for each in (*sorted(start.rglob("*/"), reverse=True), start):
                with contextlib.suppress(OSError):
                    each.rmdir()
        select.select([], [], [], 0.05)
