"""One run of a verb: what it says when there is no server to speak to."""

import socket

import click
import pytest

from pyk8s.api.errors import ApiError, not_found
from pyk8s.cli.session import Session
from pyk8s.client.caller import Caller
from pyk8s.wire import kubeconfig
from pyk8s.wire.pki import Authority


async def ask(client):
    """Any question."""
    await client.raw("/version")


@pytest.fixture
def nobody(tmp_path):
    """A kubeconfig of a server that does not run, and its address."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{held.getsockname()[1]}"
        authority = Authority.create("ca")
        connection = kubeconfig.Connection(server=f"https://{address}", grpc_address=address, ca=authority.certificate)
        kubeconfig.write(tmp_path / "config", connection, name="x")
        yield tmp_path / "config", address


def test_a_server_that_does_not_run_is_named_with_where_to_look(nobody):
    path, address = nobody
    with pytest.raises(click.ClickException) as caught:
        Session(kubeconfig=str(path)).run(ask)
    assert address in caught.value.message
    assert f"does the cluster of {path} run? `pyk8s cluster list` says so" in caught.value.message


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (
            "the server cannot be reached: Tls handshake failed: CERTIFICATE_VERIFY_FAILED: unable",
            "config trusts another CA",
        ),
        (
            "the kubelet of node node-1 cannot be reached: ipv4:10.0.0.1:1: Connection refused",
            "^the kubelet of node node-1 cannot be reached: ipv4:10.0.0.1:1: Connection refused$",
        ),
        ("the server is shutting down", "the server is shutting down"),
    ],
)
def test_what_is_wrong_with_the_way_there_is_told(nobody, said, says):
    async def fail(client):
        raise ApiError("ServiceUnavailable", said)

    with pytest.raises(click.ClickException, match=says):
        Session(kubeconfig=str(nobody[0])).run(fail)


def test_what_the_server_says_is_passed_on(nobody):
    async def fail(client):
        raise not_found("", "pods", "web")

    with pytest.raises(ApiError, match='pods "web" not found'):
        Session(kubeconfig=str(nobody[0])).run(fail)


def test_the_flags_say_as_whom(nobody):
    session = Session(kubeconfig=str(nobody[0])).with_flags(as_user="bob", as_groups=("a", "b"), as_uid="7")
    assert session.caller == Caller("", "bob", ("a", "b"), "7")
    assert session.with_flags(as_user="eve", as_groups=()).caller == Caller("", "eve", ("a", "b"), "7")


@pytest.mark.parametrize("flags", [{"as_groups": ("system:masters",)}, {"as_uid": "7"}])
def test_groups_of_nobody_are_refused_before_anything_is_sent(nobody, flags):
    with pytest.raises(click.UsageError, match="need --as"):
        Session(kubeconfig=str(nobody[0])).with_flags(**flags).run(ask)
