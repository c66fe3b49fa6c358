import base64
from dataclasses import replace

import jwt
import orjson
import pytest

from pyk8s.wire.errors import KeyFileInvalid, TokenInvalid
from pyk8s.wire.pki import public_key, signing_key
from pyk8s.wire.tokens import Bound, Claims, Signer, Verifier

ISSUER = "https://kubernetes.default.svc.cluster.local"
KEY = signing_key()
CLAIMS = Claims(
    namespace="shop",
    account=Bound("web", "uid-1"),
    audiences=("api",),
    issued=1000,
    expires=4600,
    pod=Bound("web-1", "uid-2"),
    node=Bound("node-1", "uid-3"),
)
VERIFIER = Verifier(ISSUER, [public_key(KEY)])


def sign(claims=CLAIMS, issuer=ISSUER, key=KEY):
    return Signer(issuer, key).sign(claims)


def test_what_was_signed_is_read():
    assert VERIFIER.verify(sign(), audiences=["api"], now=2000) == CLAIMS


def test_the_user_name_is_that_of_the_service_account():
    assert CLAIMS.subject == "system:serviceaccount:shop:web"


def test_a_verifier_may_be_given_the_private_key():
    assert Verifier(ISSUER, [KEY]).verify(sign(), audiences=["api"], now=2000) == CLAIMS


def test_an_older_key_is_still_accepted():
    older = signing_key()
    verifier = Verifier(ISSUER, [public_key(KEY), public_key(older)])
    assert verifier.verify(sign(key=older), audiences=["api"], now=2000) == CLAIMS


REFUSED = [
    pytest.param(sign(), ["other"], 2000, "is for", id="other audience"),
    pytest.param(sign(), ["api"], 4600, "expired", id="expired to the second"),
    pytest.param(sign(), ["api"], 999, "not valid yet", id="before its time"),
    pytest.param(sign(key=signing_key()), ["api"], 2000, "does not know", id="other key"),
    pytest.param(sign(issuer="https://else"), ["api"], 2000, "cannot be read", id="other issuer"),
    pytest.param(sign()[:-4] + "AAAA", ["api"], 2000, "cannot be read", id="signature changed"),
    pytest.param("a.b.c", ["api"], 2000, "cannot be read", id="nonsense"),
    pytest.param("", ["api"], 2000, "cannot be read", id="empty"),
    pytest.param("x" * 20_000, ["api"], 2000, "longer", id="endless"),
]


@pytest.mark.parametrize(("token", "audiences", "now", "says"), REFUSED)
def test_a_bad_token_is_refused(token, audiences, now, says):
    with pytest.raises(TokenInvalid, match=says):
        VERIFIER.verify(token, audiences=audiences, now=now)


def test_a_token_without_a_signature_is_refused():
    header, payload, _ = sign().split(".")
    fields = orjson.loads(base64.urlsafe_b64decode(header + "==")) | {"alg": "none"}
    unsigned = base64.urlsafe_b64encode(orjson.dumps(fields)).decode().rstrip("=")
    with pytest.raises(TokenInvalid):
        VERIFIER.verify(f"{unsigned}.{payload}.", audiences=["api"], now=2000)


def test_a_token_whose_subject_is_another_account_is_refused():
    payload = jwt.decode(sign(), options={"verify_signature": False})
    header = jwt.get_unverified_header(sign())
    forged = jwt.encode(payload | {"sub": "system:admin"}, KEY, algorithm="ES256", headers=header)
    with pytest.raises(TokenInvalid, match="subject"):
        VERIFIER.verify(forged, audiences=["api"], now=2000)


def test_the_published_key_set_verifies_tokens():
    key = jwt.PyJWK(VERIFIER.key_set()["keys"][0])
    assert jwt.decode(
        sign(replace(CLAIMS, issued=0)), key.key, ["ES256"], audience="api", options={"verify_exp": False}
    )
    assert jwt.get_unverified_header(sign())["kid"] == key.key_id


@pytest.mark.parametrize("make", [lambda: Signer(ISSUER, b"x"), lambda: Verifier(ISSUER, [b"x"])])
def test_a_file_that_is_no_key_is_refused(make):
    with pytest.raises(KeyFileInvalid):
        make()
