import pytest

from pyk8s.aio.clock import sleep
from pyk8s.api.errors import ApiError
from pyk8s.apiserver.authentication.accounts import Accounts
from pyk8s.wire.errors import TokenInvalid
from pyk8s.wire.pki import signing_key
from pyk8s.wire.tokens import Bound, Claims, Signer, Verifier
from tests.apiserver.makers import refused
from tests.virtual import virtual_time

ISSUER = "https://issuer"
KEY = signing_key()
SIGNER = Signer(ISSUER, KEY)
START = 1_700_000_000
ALIVE = {("serviceaccounts", "shop", "bot"): "a1", ("pods", "shop", "web"): "p1", ("secrets", "shop", "s"): "s1"}


def accounts(alive=ALIVE, later=None):
    """Accounts over the objects in `alive`; asking whether that is fresh brings `later`."""
    known = dict(alive)

    async def fresh():
        known.update(later or {})
        return later is not None

    def uid_of(plural, namespace, name):
        return known.get((plural, namespace, name), "")

    return Accounts(Verifier(ISSUER, [KEY]), (ISSUER,), uid_of, fresh), known


def token(**more):
    claims = {"namespace": "shop", "account": Bound("bot", "a1"), "audiences": (ISSUER,), "id": "j"}
    return SIGNER.sign(Claims(**(claims | {"issued": START - 10, "expires": START + 100} | more)))


@virtual_time
async def test_a_token_names_its_service_account():
    made, _ = accounts()
    user = await made.user(token(pod=Bound("web", "p1"), node=Bound("n", "n1")))
    assert (user.name, user.uid) == ("system:serviceaccount:shop:bot", "a1")
    assert user.groups == ("system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated")
    assert user.extra == {
        "authentication.kubernetes.io/credential-id": ("JTI=j",),
        "authentication.kubernetes.io/pod-name": ("web",),
        "authentication.kubernetes.io/pod-uid": ("p1",),
        "authentication.kubernetes.io/node-name": ("n",),
        "authentication.kubernetes.io/node-uid": ("n1",),
    }


REFUSED = [
    pytest.param({"account": Bound("bot", "old")}, "serviceaccount shop/bot", id="account made anew"),
    pytest.param({"account": Bound("ghost", "a1")}, "serviceaccount shop/ghost", id="account gone"),
    pytest.param({"pod": Bound("web", "old")}, "pod shop/web", id="pod made anew"),
    pytest.param({"secret": Bound("s", "old")}, "secret shop/s", id="secret made anew"),
    pytest.param({"expires": START - 1}, "expired", id="expired"),
    pytest.param({"audiences": ("vault",)}, "is for", id="for somebody else"),
]


@pytest.mark.parametrize(("claims", "says"), REFUSED)
def test_a_token_is_refused_when_what_it_says_does_not_hold(claims, says):
    @virtual_time
    async def asking():
        made, _ = accounts()
        error = await refused(made.user(token(**claims)))
        assert error.code == 401
        assert says in error.message

    asking()


@virtual_time
async def test_a_token_dies_with_what_it_is_bound_to_though_it_was_accepted_before():
    made, alive = accounts()
    text = token(pod=Bound("web", "p1"))
    await made.user(text)
    del alive["pods", "shop", "web"]
    assert (await refused(made.user(text))).code == 401


@virtual_time
async def test_a_token_that_was_accepted_expires_all_the_same():
    made, _ = accounts()
    text = token()
    await made.user(text)
    await sleep(101)
    assert "expired" in (await refused(made.user(text))).message


@virtual_time
async def test_what_was_made_a_moment_ago_is_looked_for_once_more():
    made, _ = accounts({}, later=ALIVE)
    assert (await made.user(token())).uid == "a1"


@virtual_time
async def test_a_review_answers_for_other_audiences():
    made, _ = accounts()
    user, audiences = await made.review(token(audiences=("vault", "db")), ["db", "mail"])
    assert (user.name, audiences) == ("system:serviceaccount:shop:bot", ("db",))
    with pytest.raises(TokenInvalid):
        await made.review(token(audiences=("vault",)), [])


@virtual_time
async def test_nonsense_is_no_token():
    made, _ = accounts()
    with pytest.raises(ApiError) as caught:
        await made.user("nonsense")
    assert caught.value.code == 401
