"""An HTTPS door on a free port before any handler, and clients of it."""

import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from pyk8s.apiserver.rest.server import Door
from pyk8s.wire.pki import Authority
from pyk8s.wire.tls import server_context
from tests.apiserver.makers import RESOURCES
from tests.wire.clients import client_context


@dataclass
class Opened:
    """An open door: `session` is a client of it that shows the certificate of alice."""

    url: str
    session: aiohttp.ClientSession
    authority: Authority
    folder: Path
    door: Door

    def ask(self, method, path, **more):
        return self.session.request(method, f"{self.url}{path}", **more)

    def context(self, name="") -> ssl.SSLContext:
        if not name:
            return client_context(self.authority.certificate)
        files = self.authority.issue(name, ["dev"]).write(self.folder, name)
        return client_context(self.authority.certificate, *files)


@asynccontextmanager
async def opened(folder, handler):
    """The door before `handler`, open while the context lasts."""
    authority = Authority.create("test")
    ca, _ = authority.pair.write(folder, "ca")
    cert, key = authority.issue("api", sans=["127.0.0.1"], server=True).write(folder, "api")
    door = Door(handler, RESOURCES)
    port = await door.listen("127.0.0.1", 0, server_context(cert, key, ca))
    made = Opened(f"https://127.0.0.1:{port}", None, authority, folder, door)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=made.context("alice"))) as made.session:
        try:
            yield made
        finally:
            await door.close(0.2)
