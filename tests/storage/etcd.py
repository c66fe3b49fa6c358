"""A real etcd for tests: TLS with client certificates, a folder of its own, free ports, fsync on."""

import os
import re
import signal
import socket
import subprocess
import threading
from contextlib import ExitStack, closing, contextmanager

from pyk8s.storage.etcd import EtcdStore
from pyk8s.wire.pki import Authority

READY_SECONDS = 60
START_ATTEMPTS = 5

WITH_PARENT = ("setpriv", "--pdeathsig", "KILL")
"""It dies with the test that started it, however that ends. No code runs between fork and exec: gRPC has threads."""


def _free_ports(count):
    with ExitStack() as held:
        found = []
        for _ in range(count):
            one = held.enter_context(closing(socket.socket()))
            one.bind(("127.0.0.1", 0))
            found.append(one.getsockname()[1])
    return found


class Etcd:
    """One etcd in `folder`; `start`, `kill` and `start` again keep its data and its port."""

    def __init__(self, folder):
        self.folder = folder
        self.data = folder / "data"
        self._process = None
        self._ports = None
        authority = Authority.create("etcd test authority")
        (folder / "ca.crt").write_bytes(authority.certificate)
        both = {"client": True, "server": True}
        authority.issue("etcd", sans=["127.0.0.1", "localhost"], **both).write(folder, "server")
        authority.issue("kube-apiserver-etcd-client").write(folder, "client")

    @property
    def endpoint(self):
        return f"https://127.0.0.1:{self._ports[0]}"

    async def connect(self, **more):
        """A store on it."""
        files = (self.folder / "ca.crt", self.folder / "client.crt", self.folder / "client.key")
        return await EtcdStore.connect([self.endpoint], *files, **more)

    def start(self):
        """Start it, and return when it serves."""
        attempts = 1 if self._ports else START_ATTEMPTS
        for attempt in range(attempts):
            if not self.data.exists():
                self._ports = _free_ports(2)
            if self._started():
                return self
            if attempt + 1 == attempts:
                raise RuntimeError(f"etcd did not start: {self._tail}")
        return self

    def _started(self):
        """Whether it serves now; False when it ended first, as when another took one of its ports."""
        client, peer = (f"https://127.0.0.1:{port}" for port in self._ports)
        files = {
            f"--{of}{name}": self.folder / file
            for of in ("", "peer-")
            for name, file in (("trusted-ca-file", "ca.crt"), ("cert-file", "server.crt"), ("key-file", "server.key"))
        }
        flags = {
            "--data-dir": self.data,
            "--listen-client-urls": client,
            "--advertise-client-urls": client,
            "--listen-peer-urls": peer,
            "--initial-advertise-peer-urls": peer,
            "--initial-cluster": f"default={peer}",
            "--client-cert-auth": "true",
            "--peer-client-cert-auth": "true",
            "--logger": "zap",
            "--log-outputs": "stderr",
            **files,
        }
        self._process = subprocess.Popen(
            [*WITH_PARENT, "etcd", *(f"{name}={value}" for name, value in flags.items())],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        ready = threading.Event()
        self._tail = ""
        threading.Thread(target=self._read, args=(self._process, ready), daemon=True).start()
        if not ready.wait(READY_SECONDS):
            self.kill()
            raise RuntimeError(f"etcd was not ready in {READY_SECONDS} s: {self._tail}")
        return self._process.poll() is None

    def _read(self, process, ready):
        for line in process.stderr:
            self._tail = (self._tail + line)[-4000:]
            if re.search("ready to serve client requests|serving client traffic", line):
                ready.set()
        ready.set()

    def kill(self):
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self):
        """Let it hang: connections stay, nothing is answered. Returns when it has stopped."""
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOWAIT)

    def resume(self):
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)


@contextmanager
def running_etcd(folder):
    """An etcd that serves; killed at the end."""
    etcd = Etcd(folder)
    try:
        yield etcd.start()
    finally:
        etcd.kill()
