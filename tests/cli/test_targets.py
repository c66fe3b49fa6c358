"""Arguments name what kubectl users mean by them."""

import click
import pytest

from pyk8s.api.errors import ApiError
from pyk8s.api.resources import Resources
from pyk8s.cli.manifests import ManifestInvalid, parse
from pyk8s.cli.targets import of_manifest, parse_one, parse_targets

RESOURCES = Resources.builtin()


def paths(*words):
    return [target.ref.path for target in parse_targets(RESOURCES, words, "shop")]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        pytest.param(["pods"], ["/api/v1/namespaces/shop/pods"], id="a collection"),
        pytest.param(["po", "web"], ["/api/v1/namespaces/shop/pods/web"], id="a short name and a name"),
        pytest.param(
            ["Deployment", "a", "b"],
            ["/apis/apps/v1/namespaces/shop/deployments/a", "/apis/apps/v1/namespaces/shop/deployments/b"],
            id="several names",
        ),
        pytest.param(
            ["deploy/web", "svc/web"],
            ["/apis/apps/v1/namespaces/shop/deployments/web", "/api/v1/namespaces/shop/services/web"],
            id="type and name",
        ),
        pytest.param(
            ["pods,nodes"], ["/api/v1/namespaces/shop/pods", "/api/v1/nodes"], id="several types, one without namespace"
        ),
        pytest.param(["deployments.apps", "x"], ["/apis/apps/v1/namespaces/shop/deployments/x"], id="with its group"),
    ],
)
def test_words(words, found):
    assert paths(*words) == found


def test_all_is_a_category():
    assert "/apis/apps/v1/namespaces/shop/deployments" in paths("all")
    assert "/api/v1/namespaces/shop/secrets" not in paths("all")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param([], "say what", id="nothing"),
        pytest.param(["pods,svc", "x"], "write pod/x", id="names behind several types"),
        pytest.param(["pod/a", "b"], "must be TYPE/NAME", id="both forms"),
        pytest.param(["pod/"], "must be TYPE/NAME", id="no name"),
        pytest.param(["pods,"], "between the commas", id="an empty type"),
    ],
)
def test_words_that_make_no_sense_say_what_to_write(words, says):
    with pytest.raises(click.UsageError, match=says):
        parse_targets(RESOURCES, words, "shop")


def test_an_unknown_type_is_named():
    with pytest.raises(ApiError, match='"gadgets"'):
        paths("gadgets")


def test_one_name_alone_is_a_pod():
    assert parse_one(RESOURCES, ["web"], "shop").label == "pod/web"
    assert parse_one(RESOURCES, ["deploy/web"], "shop").label == "deployment.apps/web"


def manifest(text):
    return next(parse(text, "x.yaml"))


def test_a_manifest_without_namespace_gets_the_one_in_use():
    target = of_manifest(RESOURCES, manifest("{apiVersion: v1, kind: Pod, metadata: {name: a}}"), "shop")
    assert target.ref.path == "/api/v1/namespaces/shop/pods/a"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("{apiVersion: v1, kind: Pud, metadata: {name: a}}", "x.yaml: no kind 'Pud'", id="an unknown kind"),
        pytest.param(
            "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: b}}", "-n says 'shop'", id="another namespace"
        ),
    ],
)
def test_a_manifest_that_cannot_be_meant_is_refused(text, says):
    with pytest.raises(ManifestInvalid, match=says):
        of_manifest(RESOURCES, manifest(text), "shop", enforced=True)
