"""`pyk8s auth`: what is asked of the server, and what is made of its answer."""

import click
import pytest

from pyk8s.cli.verbs import auth as verbs
from pyk8s.cli.verbs.auth import auth, question


@pytest.fixture
def answered(rig, monkeypatch):
    """The rig, and what the server is made to answer, by kind; `asked` holds the specs."""
    answers, asked = {}, []

    async def ask(client, ref, kind, spec):
        asked.append((ref.resource, spec))
        return {"kind": kind, "metadata": {}, "status": answers[kind]}

    monkeypatch.setattr(verbs, "_ask", ask)
    return rig, answers, asked


@pytest.mark.parametrize(
    ("what", "name", "subresource", "asked"),
    [
        ("pods", "", "", {"resource": "pods", "namespace": "default"}),
        ("deploy", "", "", {"group": "apps", "resource": "deployments", "namespace": "default"}),
        ("pods/web", "", "log", {"resource": "pods", "name": "web", "subresource": "log", "namespace": "default"}),
        ("pods", "web", "", {"resource": "pods", "name": "web", "namespace": "default"}),
        ("nodes", "", "", {"resource": "nodes"}),
        ("*", "", "", {"group": "*", "resource": "*", "namespace": "default"}),
        ("gadgets.example.com", "", "", {"group": "example.com", "resource": "gadgets", "namespace": "default"}),
    ],
)
def test_what_is_asked(rig, what, name, subresource, asked):
    spec = question(rig.session, "get", what, name, subresource, "default")
    assert spec == {"resourceAttributes": {"verb": "get", **asked}}


def test_a_path_is_asked_as_one(rig):
    asked = question(rig.session, "get", "/healthz", "", "", "default")
    assert asked == {"nonResourceAttributes": {"path": "/healthz", "verb": "get"}}


@pytest.mark.parametrize(("what", "name"), [("pods/", ""), ("pods/a", "b"), ("pods/a/b", ""), ("/healthz", "x")])
def test_what_cannot_be_asked_is_refused(rig, what, name):
    with pytest.raises(click.UsageError):
        question(rig.session, "get", what, name, "", "default")


@pytest.mark.parametrize(
    ("status", "says", "code"),
    [({"allowed": True}, "yes\n", 0), ({"allowed": False}, "no\n", 1), ({"reason": "no rule"}, "no - no rule\n", 1)],
)
def test_the_answer_is_a_word_and_an_exit_code(answered, status, says, code):
    rig, answers, _ = answered
    answers["SelfSubjectAccessReview"] = status
    result = rig.run(auth, "can-i", "get", "pods")
    assert (result.stdout, result.exit_code) == (says, code)
    assert rig.run(auth, "can-i", "get", "pods", "-q").stdout == ""


def test_over_all_namespaces_none_is_asked_about(answered):
    rig, answers, asked = answered
    answers["SelfSubjectAccessReview"] = {"allowed": True}
    rig.said(auth, "can-i", "get", "pods", "-A")
    assert asked == [("selfsubjectaccessreviews", {"resourceAttributes": {"verb": "get", "resource": "pods"}})]


def test_all_one_may_do(answered):
    rig, answers, _ = answered
    answers["SelfSubjectRulesReview"] = {
        "resourceRules": [
            {"apiGroups": ["", "apps"], "resources": ["x"], "resourceNames": ["n"], "verbs": ["get", "list"]}
        ],
        "nonResourceRules": [{"nonResourceURLs": ["/healthz"], "verbs": ["get"]}],
    }
    lines = rig.said(auth, "can-i", "--list").splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["[/healthz]", "[]", "[get]"],
        ["x,x.apps", "[]", "[n]", "[get", "list]"],
    ]


def test_who_one_is(answered):
    rig, answers, _ = answered
    answers["SelfSubjectReview"] = {"userInfo": {"username": "jo", "groups": ["a", "b"], "extra": {"k": ["v"]}}}
    lines = [line.split(maxsplit=1) for line in rig.said(auth, "whoami").splitlines()]
    assert lines == [["ATTRIBUTE", "VALUE"], ["Username", "jo"], ["Groups", "[a b]"], ["Extra:", "k    [v]"]]
    assert '"username": "jo"' in rig.said(auth, "whoami", "-o", "json")


def test_nothing_to_ask_is_a_wrong_call(rig):
    assert rig.run(auth, "can-i", "get").exit_code == 2
