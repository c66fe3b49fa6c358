import orjson
import pytest

from pyk8s.apiserver.authorization.reviews import Reviews, attributes
from pyk8s.apiserver.authorization.values import Attributes, Decision
from pyk8s.apiserver.request import User
from pyk8s.wire.errors import TokenInvalid
from tests.apiserver.makers import ALICE, refused, request


class Owners:
    """Allows whoever is called alice to get, and says why not else."""

    def __init__(self):
        self.asked = []

    async def decide(self, user, asked):
        self.asked.append((user, asked))
        if user.name == "alice" and asked.verb == "get":
            return Decision(True)
        return Decision(False, "not alice")

    def listed(self, user, namespace):
        pods = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
        return [pods] if namespace else [{"verbs": ["get"], "nonResourceURLs": ["/version"]}]


class Tokens:
    async def review(self, token, audiences):
        if token != "good":
            raise TokenInvalid("the token has expired")
        return User("system:serviceaccount:a:b", ("g",), "u", {"k": ("v",)}), tuple(audiences) or ("api",)


def reviews():
    owners = Owners()
    return owners, Reviews(owners, owners, Tokens())


ACCESS, TOKENS = "authorization.k8s.io", "authentication.k8s.io"


async def ask(plural, spec, group=ACCESS, user=ALICE, **more):
    owners, made = reviews()
    body = orjson.dumps({"spec": spec})
    asked = request("create", plural, group, user=user, body=body, **more)
    answer = await made.handlers()[(group, plural)](asked)
    return answer.code, orjson.loads(answer.body), owners


GET_PODS = {"resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "shop"}}


async def test_may_i():
    code, review, _ = await ask("selfsubjectaccessreviews", GET_PODS)
    assert (code, review["status"]) == (201, {"allowed": True})
    assert (review["kind"], review["apiVersion"]) == ("SelfSubjectAccessReview", "authorization.k8s.io/v1")


async def test_may_i_not_and_why():
    _, review, _ = await ask("selfsubjectaccessreviews", {"nonResourceAttributes": {"verb": "post", "path": "/x"}})
    assert review["status"] == {"allowed": False, "reason": "not alice"}


async def test_may_they():
    spec = GET_PODS | {"user": "bob", "groups": ["dev"], "uid": "1", "extra": {"k": ["v"]}}
    _, review, owners = await ask("subjectaccessreviews", spec)
    assert review["status"]["allowed"] is False
    assert owners.asked[0][0] == User("bob", ("dev",), "1", {"k": ("v",)})


async def test_may_who():
    _, made = reviews()
    body = orjson.dumps({"spec": GET_PODS})
    error = await refused(made.access(request("create", "subjectaccessreviews", ACCESS, body=body)))
    assert (error.code, error.causes[0].field) == (422, "spec.user")


@pytest.mark.parametrize(("namespace", "code"), [("shop", 201), ("other", 400)])
async def test_a_local_review_is_about_its_own_namespace(namespace, code):
    asking = ask("localsubjectaccessreviews", GET_PODS | {"user": "alice"}, namespace=namespace)
    assert ((await asking)[0] if code == 201 else (await refused(asking)).code) == code


async def test_what_may_i():
    _, review, _ = await ask("selfsubjectrulesreviews", {"namespace": "shop"})
    assert review["status"] == {
        "resourceRules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}],
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/version"]}],
        "incomplete": False,
    }
    assert (await refused(ask("selfsubjectrulesreviews", {}))).code == 400


async def test_who_am_i():
    _, review, _ = await ask("selfsubjectreviews", {}, TOKENS, User("bob", ("g",), "7", {"k": ("v",)}))
    assert review["status"]["userInfo"] == {"username": "bob", "groups": ["g"], "uid": "7", "extra": {"k": ["v"]}}


async def test_whose_token_is_this():
    _, review, _ = await ask("tokenreviews", {"token": "good", "audiences": ["mine"]}, TOKENS)
    assert review["status"]["authenticated"] is True
    assert review["status"]["user"]["username"] == "system:serviceaccount:a:b"
    assert review["status"]["audiences"] == ["mine"]


async def test_a_bad_token_is_no_error_but_an_answer():
    code, review, _ = await ask("tokenreviews", {"token": "bad"}, TOKENS)
    assert code == 201
    assert review["status"] == {"user": {}, "error": "the token has expired"}
    assert (await refused(ask("tokenreviews", {}, TOKENS))).code == 422


async def test_without_keys_no_token_is_known():
    owners = Owners()
    body = orjson.dumps({"spec": {"token": "good"}})
    answer = await Reviews(owners, owners, None).token(request("create", "tokenreviews", TOKENS, body=body))
    assert "error" in orjson.loads(answer.body)["status"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"spec":1}', b'{"kind":"Pod"}'])
async def test_a_body_that_is_no_review_is_refused(body):
    _, made = reviews()
    asked = request("create", "selfsubjectaccessreviews", ACCESS, user=ALICE, body=body)
    assert (await refused(made.self_access(asked))).code == 400


@pytest.mark.parametrize("spec", [{}, {"resourceAttributes": {}, "nonResourceAttributes": {}}])
def test_a_review_is_of_a_resource_or_of_a_path(spec):
    from pyk8s.api.errors import ApiError

    with pytest.raises(ApiError) as caught:
        attributes(spec, "SubjectAccessReview")
    assert caught.value.code == 422


def test_the_attributes_of_a_review():
    spec = {
        "resourceAttributes": {
            "verb": "list",
            "group": "apps",
            "version": "v1",
            "resource": "deployments",
            "subresource": "scale",
            "namespace": "a",
            "name": "n",
            "fieldSelector": {"rawSelector": "metadata.name=n"},
        }
    }
    assert attributes(spec, "x") == Attributes(
        verb="list",
        group="apps",
        version="v1",
        resource="deployments",
        subresource="scale",
        namespace="a",
        name="n",
        fields="metadata.name=n",
    )
