import pytest

from pyk8s.apiserver.authorization.values import Attributes, attributes_of, named_by, refusal, required
from pyk8s.apiserver.request import Options
from tests.apiserver.makers import ALICE, request


def test_attributes_of_a_resource():
    made = attributes_of(request("get", "deployments", "apps", namespace="shop", name="web", subresource="scale"))
    assert made == Attributes(
        verb="get",
        group="apps",
        version="v1",
        resource="deployments",
        subresource="scale",
        namespace="shop",
        name="web",
    )


def test_attributes_of_a_path_leave_its_query_out():
    assert attributes_of(request("get", plural="", path="/readyz?verbose")) == Attributes(verb="get", path="/readyz")


def test_a_namespace_is_in_itself():
    assert attributes_of(request("get", "namespaces", name="shop")).namespace == "shop"


@pytest.mark.parametrize("verb", ["list", "watch", "deletecollection"])
def test_a_collection_narrowed_to_one_name_counts_as_that_name(verb):
    made = request(verb, "secrets", namespace="a", options=Options(fields="metadata.name=db"))
    assert attributes_of(made).name == "db"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ("", ""),
        ("metadata.name=a", "a"),
        ("metadata.name==a", "a"),
        ("spec.nodeName=n,metadata.name=a", "a"),
        ("metadata.name!=a", ""),
        ("metadata.names=a", ""),
    ],
)
def test_the_name_in_a_field_selector(fields, name):
    assert named_by(fields) == name


def test_a_field_that_must_have_one_value():
    assert required("spec.nodeName=node-1,status.phase=Running", "spec.nodeName") == "node-1"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Attributes(verb="get", path="/x"), 'User "alice" cannot get path "/x"'),
        (
            Attributes(verb="list", resource="nodes"),
            'User "alice" cannot list resource "nodes" in API group "" at the cluster scope',
        ),
        (
            Attributes(verb="create", resource="pods", subresource="exec", namespace="a"),
            'User "alice" cannot create resource "pods/exec" in API group "" in the namespace "a"',
        ),
    ],
)
def test_refusals_are_said_as_kubernetes_says_them(asked, said):
    assert refusal(ALICE, asked) == said
    assert refusal(ALICE, asked, "why") == f"{said}: why"
