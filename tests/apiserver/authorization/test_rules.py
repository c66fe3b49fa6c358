import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.apiserver.authorization.rules import Rules
from pyk8s.apiserver.authorization.values import Attributes


def rules(*given):
    made = Rules()
    made.add(given)
    return made


def rule(verbs, resources, groups="", names=""):
    made = {"verbs": verbs.split(), "resources": resources.split(), "apiGroups": groups.split() or [""]}
    return made | ({"resourceNames": names.split()} if names else {})


def asks(verb, resource, group="", **more):
    resource, _, subresource = resource.partition("/")
    return Attributes(verb=verb, resource=resource, subresource=subresource, group=group, **more)


READ_PODS = rule("get list", "pods")

CASES = [
    (READ_PODS, asks("get", "pods"), True),
    (READ_PODS, asks("delete", "pods"), False),
    (READ_PODS, asks("get", "secrets"), False),
    (READ_PODS, asks("get", "pods", "metrics.k8s.io"), False),
    (READ_PODS, asks("get", "pods/log"), False),
    (rule("get", "pods/log"), asks("get", "pods/log"), True),
    (rule("get", "pods/log"), asks("get", "pods"), False),
    (rule("get", "*"), asks("get", "pods/log"), True),
    (rule("get", "*/scale", "*"), asks("get", "deployments/scale", "apps"), True),
    (rule("get", "*/scale", "*"), asks("get", "deployments", "apps"), False),
    (rule("get", "*/scale", "apps"), asks("get", "deployments/scale", "apps"), True),
    (rule("get", "deployments", "*"), asks("get", "deployments", "apps"), True),
    (rule("get", "deployments/scale", "*"), asks("get", "deployments/scale", "apps"), True),
    (rule("*", "*", "*"), asks("anything", "whatever/sub", "some.group"), True),
    (rule("get", "*", "apps"), asks("get", "pods"), False),
    (rule("get", "configmaps", "", "a b"), asks("get", "configmaps", name="b"), True),
    (rule("get", "configmaps", "", "a b"), asks("get", "configmaps", name="c"), False),
    (rule("list", "configmaps", "", "a"), asks("list", "configmaps"), False),
    (rule("create", "configmaps", "", "a"), asks("create", "configmaps"), False),
]


@pytest.mark.parametrize(("given", "asked", "allowed"), CASES)
def test_what_a_rule_grants(given, asked, allowed):
    assert rules(given).allow(asked) is allowed


PATHS = [
    ("/healthz", "/healthz", True),
    ("/healthz", "/healthz/etcd", False),
    ("/healthz/*", "/healthz/etcd", True),
    ("/api/*", "/apis", False),
    ("*", "/anything", True),
]


@pytest.mark.parametrize(("pattern", "path", "allowed"), PATHS)
def test_what_a_path_pattern_covers(pattern, path, allowed):
    made = rules({"verbs": ["get"], "nonResourceURLs": [pattern]})
    assert made.allow(Attributes(verb="get", path=path)) is allowed
    assert not made.allow(Attributes(verb="post", path=path))


def test_a_rule_on_resources_grants_no_path_and_the_reverse():
    assert not rules(rule("*", "*", "*")).allow(Attributes(verb="get", path="/metrics"))
    assert not rules({"verbs": ["*"], "nonResourceURLs": ["*"]}).allow(asks("get", "pods"))


WORDS = st.sampled_from(["a", "b", "*"])
SUBS = st.sampled_from(["", "x", "y"])


def walked(made, asked):
    """The plain reading of the rules: one after the other."""
    wanted = asked.resource + (f"/{asked.subresource}" if asked.subresource else "")

    def covers(resource):
        return resource in ("*", wanted) or (asked.subresource and resource == f"*/{asked.subresource}")

    return any(
        {"*", asked.verb} & set(one["verbs"])
        and {"*", asked.group} & set(one["apiGroups"])
        and any(covers(resource) for resource in one["resources"])
        and (not one.get("resourceNames") or asked.name in one["resourceNames"])
        for one in made
    )


RULES = st.fixed_dictionaries(
    {
        "verbs": st.lists(WORDS, max_size=2),
        "apiGroups": st.lists(WORDS, max_size=2),
        "resources": st.lists(st.sampled_from(["a", "b", "*", "a/x", "b/y", "*/x"]), max_size=3),
        "resourceNames": st.lists(st.sampled_from(["n", "m"]), max_size=1),
    }
)


@given(st.lists(RULES, max_size=4), st.sampled_from("ab"), st.sampled_from("ab"), st.sampled_from("ab"), SUBS)
def test_the_index_says_what_walking_the_rules_says(made, verb, group, resource, subresource):
    asked = Attributes(verb=verb, group=group, resource=resource, subresource=subresource, name="n")
    assert rules(*made).allow(asked) == walked(made, asked)
