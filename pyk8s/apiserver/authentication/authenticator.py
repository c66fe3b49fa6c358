"""From a peer to a user. Source: Kubernetes, "Authenticating"."""

from __future__ import annotations

from pyk8s.api.errors import unauthorized
from pyk8s.apiserver.authentication.accounts import Accounts
from pyk8s.apiserver.request import Peer, Request, User
from pyk8s.wire.pki import Identity

AUTHENTICATED = "system:authenticated"
ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
OPEN_PATHS = ("/healthz", "/livez", "/readyz", "/version")
"""What may be asked without saying who one is."""

KEPT = 4096


class Authenticator:
    """Knows client certificates (verified by the door already) and service account tokens."""

    def __init__(self, accounts: Accounts | None) -> None:
        self._accounts = accounts
        self._users: dict[Identity, User] = {}

    async def user(self, peer: Peer) -> User | None:
        """The user a peer is; None for one that shows nothing. Raises ApiError (Unauthorized) for a bad token.

        A token wins over a certificate: who sends one means to be taken for its owner.
        """
        if peer.bearer:
            if self._accounts is None:
                raise unauthorized("this server takes no bearer tokens")
            return await self._accounts.user(peer.bearer)
        certificate = peer.certificate
        if certificate is None or not certificate.name:
            return None
        user = self._users.get(certificate)
        if user is None:
            if len(self._users) >= KEPT:
                self._users.clear()
            user = self._users[certificate] = of_certificate(certificate)
        return user


def of_certificate(certificate: Identity) -> User:
    """The common name is the user, the organizations are the groups."""
    groups = certificate.organizations
    return User(certificate.name, groups if AUTHENTICATED in groups else (*groups, AUTHENTICATED))


def anonymous_allowed(request: Request) -> User:
    """The anonymous user, for the few paths that are open. Raises ApiError (Unauthorized) for all others."""
    if request.resource is None and request.verb == "get":
        path = request.path.partition("?")[0]
        if path in OPEN_PATHS or path.startswith(("/healthz/", "/livez/", "/readyz/")):
            return ANONYMOUS
    raise unauthorized()
