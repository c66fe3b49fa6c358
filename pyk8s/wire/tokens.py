"""Service account tokens: JSON web tokens signed by the cluster, and their verification.

Claims are those Kubernetes uses (`kubernetes.io` holds namespace, service account and what the token is bound to), so
any client library reads them. Source: KEP-1205 (bound service account tokens), RFC 7519, OpenID Connect Discovery 1.0.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pyk8s.wire.errors import KeyFileInvalid, TokenInvalid

ALGORITHM = "ES256"
MAX_TOKEN_BYTES = 16 * 1024
"""A longer token is refused unread."""


@dataclass(frozen=True, slots=True)
class Bound:
    """An object a token lives and dies with; both empty when there is none."""

    name: str = ""
    uid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token says. Times are seconds since 1970."""

    namespace: str
    account: Bound
    audiences: tuple[str, ...]
    issued: int
    expires: int
    pod: Bound = Bound()
    secret: Bound = Bound()
    node: Bound = Bound()
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def subject(self) -> str:
        """The user name: system:serviceaccount:NAMESPACE:NAME."""
        return f"system:serviceaccount:{self.namespace}:{self.account.name}"


class Signer:
    """Signs tokens with one private key, in the name of `issuer`."""

    def __init__(self, issuer: str, private_key: bytes) -> None:
        self.issuer = issuer
        try:
            key = serialization.load_pem_private_key(private_key, password=None)
        except (ValueError, TypeError) as error:
            raise KeyFileInvalid(f"the service account signing key is no PEM private key: {error}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise KeyFileInvalid("the service account signing key must be of the EC kind (P-256)")
        self._key = key
        self._key_id = key_id(key.public_key())

    def sign(self, claims: Claims) -> str:
        """The token that says `claims`."""
        bound: dict[str, Any] = {
            "namespace": claims.namespace,
            "serviceaccount": {"name": claims.account.name, "uid": claims.account.uid},
        }
        for name, to in (("pod", claims.pod), ("secret", claims.secret), ("node", claims.node)):
            if to.name:
                bound[name] = {"name": to.name, "uid": to.uid}
        payload = {
            "iss": self.issuer,
            "sub": claims.subject,
            "aud": list(claims.audiences),
            "iat": claims.issued,
            "nbf": claims.issued,
            "exp": claims.expires,
            "jti": claims.id,
            "kubernetes.io": bound,
        }
        return jwt.encode(payload, self._key, algorithm=ALGORITHM, headers={"kid": self._key_id})


class Verifier:
    """Reads tokens of `issuer` that are signed by one of `public_keys` (PEM)."""

    def __init__(self, issuer: str, public_keys: Iterable[bytes]) -> None:
        self.issuer = issuer
        self._keys: dict[str, ec.EllipticCurvePublicKey] = {}
        for pem in public_keys:
            key = _public(pem)
            self._keys[key_id(key)] = key

    def verify(self, token: str, *, audiences: Sequence[str], now: float) -> Claims:
        """The claims of `token` if it was signed by us, names one of `audiences` and `now` lies within its life.

        Raises TokenInvalid. Whether what it is bound to still exists is for the caller to find out.
        """
        if len(token) > MAX_TOKEN_BYTES:
            raise TokenInvalid(f"the token is longer than {MAX_TOKEN_BYTES} bytes")
        try:
            header = jwt.get_unverified_header(token)
            key = self._keys.get(str(header.get("kid", "")))
            if key is None:
                raise TokenInvalid("the token is signed by a key this cluster does not know")
            options: Any = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
            payload = jwt.decode(token, key, algorithms=[ALGORITHM], issuer=self.issuer, options=options)
            claims = _claims(payload)
        except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
            raise TokenInvalid(f"the token cannot be read: {error}") from error
        if now >= claims.expires:
            raise TokenInvalid("the token has expired")
        if now < int(payload.get("nbf", 0)):
            raise TokenInvalid("the token is not valid yet")
        if not set(claims.audiences) & set(audiences):
            raise TokenInvalid(f"the token is for {list(claims.audiences)}, not for {list(audiences)}")
        return claims

    def key_set(self) -> dict[str, Any]:
        """The public keys as a JSON web key set (RFC 7517): the document at /openid/v1/jwks."""
        return {"keys": [_web_key(name, key) for name, key in self._keys.items()]}


def key_id(key: ec.EllipticCurvePublicKey) -> str:
    """The id of a key in tokens' headers: base64url of the SHA-256 of its public form, as Kubernetes makes it."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return _base64url(hashlib.sha256(der).digest())


def _public(pem: bytes) -> ec.EllipticCurvePublicKey:
    try:
        if b"PRIVATE KEY" in pem:
            key: Any = serialization.load_pem_private_key(pem, password=None).public_key()
        else:
            key = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError) as error:
        raise KeyFileInvalid(f"a service account public key is no PEM key: {error}") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise KeyFileInvalid("a service account public key must be of the EC kind (P-256)")
    return key


def _claims(payload: Mapping[str, Any]) -> Claims:
    bound = payload["kubernetes.io"]
    audiences = payload["aud"]
    claims = Claims(
        namespace=bound["namespace"],
        account=_bound(bound["serviceaccount"]),
        audiences=(audiences,) if isinstance(audiences, str) else tuple(audiences),
        issued=int(payload["iat"]),
        expires=int(payload["exp"]),
        pod=_bound(bound.get("pod")),
        secret=_bound(bound.get("secret")),
        node=_bound(bound.get("node")),
        id=payload.get("jti", ""),
    )
    if claims.subject != payload["sub"]:
        raise TokenInvalid("the token's subject is not its service account")
    return claims


def _bound(to: Mapping[str, str] | None) -> Bound:
    return Bound(to["name"], to.get("uid", "")) if to else Bound()


def _web_key(name: str, key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    return {
        "use": "sig",
        "kty": "EC",
        "kid": name,
        "alg": ALGORITHM,
        "crv": "P-256",
        "x": _base64url(numbers.x.to_bytes(32, "big")),
        "y": _base64url(numbers.y.to_bytes(32, "big")),
    }


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")
