"""As whom calls are made, beside what the certificate of the connection says."""

from __future__ import annotations

from dataclasses import dataclass

Metadata = tuple[tuple[str, str | bytes], ...]


@dataclass(frozen=True, slots=True)
class Caller:
    """A bearer `token`, and the `user` that the caller wants to be taken for, with `groups` and `uid`; "" for none.

    Source: Kubernetes, "User impersonation". A name may be any text, so it travels in binary metadata.
    """

    token: str = ""
    user: str = ""
    groups: tuple[str, ...] = ()
    uid: str = ""

    @property
    def metadata(self) -> Metadata | None:
        """As it travels with a gRPC call; None when there is nothing to say."""
        said: list[tuple[str, str | bytes]] = []
        if self.token:
            said.append(("authorization", f"Bearer {self.token}"))
        if self.user:
            said.append(("impersonate-user-bin", self.user.encode()))
        said += [("impersonate-group-bin", group.encode()) for group in self.groups]
        if self.uid:
            said.append(("impersonate-uid-bin", self.uid.encode()))
        return tuple(said) or None


ONESELF = Caller()
