"""The frame of admission: who is asked, in which order, and how often that is found out."""

import pytest

from pyk8s.api.errors import ApiError, forbidden
from pyk8s.apiserver.admission.review import NOBODY, Admission, Plugin, Review, on
from pyk8s.apiserver.request import Request, User
from tests.apiserver.registry.running import row

PODS = row("pods")


def review(action="create", sub="", user=None):
    return Review(Request(verb=action, resource=PODS, namespace="default", subresource=sub, user=user), PODS, action)


def adding(word, handles=lambda *_: True):
    async def mutate(obj, given, cluster):
        return {**obj, "said": [*obj.get("said", ()), word]}

    return Plugin(name=word, handles=handles, mutate=mutate)


async def test_plugins_are_asked_in_their_order():
    admission = Admission([adding("one"), adding("two")], None)
    assert await admission.mutate({}, review()) == {"said": ["one", "two"]}


async def test_a_plugin_that_is_not_concerned_is_not_asked_again():
    asked = []

    def handles(resource, subresource, action):
        asked.append(action)
        return False

    admission = Admission([adding("one", handles)], None)
    for _ in range(3):
        assert await admission.mutate({}, review()) == {}
    assert asked == ["create"]
    await admission.mutate({}, review("update"))
    assert asked == ["create", "update"]


async def test_the_first_refusal_ends_it():
    async def refuse(obj, given, cluster):
        raise forbidden("", "pods", "web", "no")

    async def unreachable(obj, given, cluster):
        raise AssertionError("asked after a refusal")

    plugins = [
        Plugin(name="one", handles=lambda *_: True, validate=refuse),
        Plugin(name="two", handles=lambda *_: True, validate=unreachable),
    ]
    with pytest.raises(ApiError, match="no"):
        await Admission(plugins, None).validate({}, review())


@pytest.mark.parametrize(
    ("plural", "sub", "action", "concerned"),
    [
        ("pods", "", "create", True),
        ("pods", "", "update", False),
        ("pods", "status", "create", False),
        ("nodes", "", "create", False),
        ("deployments.apps", "", "create", False),
    ],
)
def test_on(plural, sub, action, concerned):
    assert on("pods", "deployments")(row(plural), sub, action) is concerned


def test_a_review_knows_who_asks_and_where():
    assert review().user == NOBODY
    given = review(user=User("alice"))
    assert (given.user.name, given.namespace, given.options.dry_run) == ("alice", "default", False)
