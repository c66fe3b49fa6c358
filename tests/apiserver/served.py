"""A whole API server in the test's own process, on a store in memory and free ports, and the real kubectl beside it."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pyk8s.apiserver.app import ApiServer
from pyk8s.apiserver.settings import settings_of
from pyk8s.wire import kubeconfig
from pyk8s.wire.pki import Authority, signing_key

KUBECTL = Path(sys.executable).parent / "kubectl"
LOCALHOST = ("localhost", "127.0.0.1", "kubernetes.default.svc")


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Pki:
    """A folder with the certificates of one cluster."""

    folder: Path
    authority: Authority

    @classmethod
    def make(cls, folder: Path) -> "Pki":
        authority = Authority.create("test")
        authority.pair.write(folder, "ca")
        authority.issue("kube-apiserver", sans=LOCALHOST, server=True).write(folder, "apiserver")
        authority.issue("kube-apiserver-kubelet-client").write(folder, "kubelet-client")
        (folder / "sa.key").write_bytes(signing_key())
        return cls(folder, authority)

    def connection(self, server: ApiServer, name: str, groups: Sequence[str] = ()) -> kubeconfig.Connection:
        pair = self.authority.issue(name, groups)
        return kubeconfig.Connection(
            server=f"https://127.0.0.1:{server.ports.https}",
            grpc_address=f"127.0.0.1:{server.ports.grpc}",
            ca=self.authority.certificate,
            cert=pair.certificate,
            key=pair.key,
        )

    def settings(self, **more):
        folder = str(self.folder)
        tls = {"certFile": "apiserver.crt", "keyFile": "apiserver.key", "clientCAFile": "ca.crt"}
        kubelet = {"certFile": "kubelet-client.crt", "keyFile": "kubelet-client.key", "caFile": "ca.crt"}
        document = {
            "etcd": "memory",
            "tls": {key: f"{folder}/{name}" for key, name in tls.items()},
            "kubelet": {key: f"{folder}/{name}" for key, name in kubelet.items()},
            "serviceAccount": {"signingKeyFile": f"{folder}/sa.key"},
            "shutdownGrace": 0.5,
        }
        return settings_of(document | more)


@dataclass(frozen=True)
class Served:
    """A running server, its certificates and a way to run kubectl against it as somebody."""

    server: ApiServer
    pki: Pki

    def kubeconfig(self, name: str = "kubernetes-admin", groups: Sequence[str] = ("system:masters",)) -> Path:
        path = self.pki.folder / f"{name.replace(':', '_')}.kubeconfig"
        if not path.exists():
            kubeconfig.write(path, self.pki.connection(self.server, name, groups), name="test")
        return path

    async def start(self, *words: str, config: Path | None = None, environment: Mapping[str, str] | None = None):
        return await asyncio.create_subprocess_exec(
            KUBECTL,
            f"--kubeconfig={config or self.kubeconfig()}",
            f"--cache-dir={self.pki.folder}/cache",
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "HOME": str(self.pki.folder), **(environment or {})},
        )

    @asynccontextmanager
    async def running(self, *words: str):
        """A kubectl that runs until the context is left."""
        process = await self.start(*words)
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    async def kubectl(self, *words: str, stdin: str = "", config: Path | None = None, seconds: float = 30.0) -> Outcome:
        process = await self.start(*words, config=config)
        try:
            async with asyncio.timeout(seconds):
                out, err = await process.communicate(stdin.encode())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return Outcome(process.returncode or 0, out.decode(), err.decode())


@asynccontextmanager
async def served(folder: Path, **settings):
    """A server that is ready, its data gone when the context is left."""
    pki = Pki.make(folder)
    async with ApiServer(pki.settings(**settings)) as server:
        yield Served(server, pki)
