"""Where a list goes on: an opaque token that holds the revision and the last key.

Source: apiserver, storage/continue.go.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

import msgspec

from pyk8s.api.errors import bad_request

VERSION = "meta.k8s.io/v1"
LONGEST = 2048
"""Characters a token may have."""


class _Token(msgspec.Struct):
    v: str
    rv: int
    start: str


@dataclass(frozen=True, slots=True)
class Continuation:
    """Go on behind the key `after` ("namespace/name" or "name") of the list as of `revision`."""

    revision: int
    after: str

    def encode(self) -> str:
        """The token."""
        return urlsafe_b64encode(msgspec.json.encode(_Token(VERSION, self.revision, self.after))).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Continuation:
        """What a token says. Raises ApiError (BadRequest) for one that is not ours."""
        try:
            if len(text) > LONGEST:
                raise ValueError(f"longer than {LONGEST} characters")
            token = msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=_Token)
        except (ValueError, binascii.Error) as error:
            raise bad_request(f"continue key is not valid: {error}") from error
        if token.v != VERSION:
            raise bad_request(
                f'continue key is not valid: incorrect encoded version for this continue token "{token.v}"'
            )
        if token.rv <= 0 or not token.start:
            raise bad_request("continue key is not valid: it names no place to go on from")
        return cls(token.rv, token.start)
