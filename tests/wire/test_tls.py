import asyncio
import ssl

import pytest

from pyk8s.wire.errors import KeyFileInvalid
from pyk8s.wire.pki import Authority
from pyk8s.wire.tls import server_context
from tests.wire.clients import client_context


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """An authority `ca`, a stranger's `other`, and the files of a server and a client of each."""
    folder = tmp_path_factory.mktemp("pki")
    for name in ("ca", "other"):
        authority = Authority.create(name)
        authority.pair.write(folder, name)
        authority.issue("server", sans=["127.0.0.1"], server=True, client=False).write(folder, f"{name}-server")
        authority.issue("alice", ["dev"]).write(folder, f"{name}-client")
    return folder


async def exchange(pki, *, shown: str, trusted: str = "ca", required: bool = False):
    """Connect once; answer what the server saw of the client's subject."""
    seen = asyncio.get_running_loop().create_future()

    async def serve(reader, writer):
        seen.set_result(writer.get_extra_info("peercert"))
        writer.write(b"x")
        await writer.drain()
        writer.close()

    inbound = server_context(pki / "ca-server.crt", pki / "ca-server.key", pki / "ca.crt", required=required)
    files = (pki / f"{shown}-client.crt", pki / f"{shown}-client.key") if shown else (None, None)
    outbound = client_context((pki / f"{trusted}.crt").read_bytes(), *files)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=inbound)
    async with server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=outbound)
        try:
            if not await reader.read(1):
                raise ConnectionError("the server hung up")
            return await seen
        finally:
            writer.transport.abort()


async def test_the_server_sees_the_subject_of_a_verified_certificate(pki):
    subject = dict(pair for (pair,) in (await exchange(pki, shown="ca"))["subject"])
    assert subject == {"organizationName": "dev", "commonName": "alice"}


async def test_a_client_without_a_certificate_is_let_in_when_none_is_required(pki):
    assert not await exchange(pki, shown="")


@pytest.mark.parametrize(("shown", "required"), [("other", False), ("", True)])
async def test_a_strangers_certificate_or_none_where_one_is_required_is_refused(pki, shown, required):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await exchange(pki, shown=shown, required=required)


async def test_a_client_refuses_a_server_of_another_authority(pki):
    with pytest.raises(ssl.SSLCertVerificationError):
        await exchange(pki, shown="ca", trusted="other")


def test_a_key_of_another_certificate_is_refused(pki):
    with pytest.raises(KeyFileInvalid, match="do not make a pair"):
        server_context(pki / "ca-server.crt", pki / "ca-client.key", pki / "ca.crt")


def test_an_authority_that_is_no_certificate_is_refused(pki):
    with pytest.raises(KeyFileInvalid, match="no certificate to trust"):
        server_context(pki / "ca-server.crt", pki / "ca-server.key", pki / "ca.key")
