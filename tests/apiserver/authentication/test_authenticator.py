import pytest

from pyk8s.apiserver.authentication.authenticator import Authenticator, of_certificate
from pyk8s.apiserver.request import NOBODY, Peer, User
from pyk8s.wire.pki import Identity
from tests.apiserver.makers import refused


class Tokens:
    async def user(self, token):
        return User(f"holder of {token}")


async def test_a_certificate_names_user_and_groups():
    made = Authenticator(None)
    peer = Peer(Identity("system:node:n", ("system:nodes",)))
    assert await made.user(peer) == User("system:node:n", ("system:nodes", "system:authenticated"))
    assert await made.user(peer) is await made.user(peer)


async def test_who_shows_nothing_is_nobody():
    assert await Authenticator(None).user(NOBODY) is None
    assert await Authenticator(None).user(Peer(Identity(""))) is None


async def test_a_token_wins_over_a_certificate():
    user = await Authenticator(Tokens()).user(Peer(Identity("alice"), bearer="t"))
    assert user == User("holder of t")


async def test_a_server_without_keys_takes_no_tokens():
    assert (await refused(Authenticator(None).user(Peer(bearer="t")))).code == 401


@pytest.mark.parametrize("groups", [(), ("system:authenticated",), ("a", "b")])
def test_everybody_known_is_authenticated_once(groups):
    assert of_certificate(Identity("x", groups)).groups.count("system:authenticated") == 1
