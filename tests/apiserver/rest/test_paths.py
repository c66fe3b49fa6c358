import pytest

from pyk8s.api.errors import ApiError
from pyk8s.apiserver.rest.paths import route
from tests.apiserver.makers import RESOURCES

LEADS = [
    ("GET", "/api/v1/pods", ("list", "pods", "", "", "")),
    ("GET", "/api/v1/pods/", ("list", "pods", "", "", "")),
    ("GET", "/api/v1/namespaces/shop/pods", ("list", "pods", "shop", "", "")),
    ("GET", "/api/v1/namespaces/shop/pods/web", ("get", "pods", "shop", "web", "")),
    ("HEAD", "/api/v1/namespaces/shop/pods/web", ("get", "pods", "shop", "web", "")),
    ("GET", "/api/v1/namespaces/shop/pods/web/log", ("get", "pods", "shop", "web", "log")),
    ("POST", "/api/v1/namespaces/shop/pods/web/exec", ("create", "pods", "shop", "web", "exec")),
    ("POST", "/api/v1/namespaces/shop/pods/web/binding", ("create", "pods", "shop", "web", "binding")),
    (
        "POST",
        "/api/v1/namespaces/shop/serviceaccounts/bot/token",
        ("create", "serviceaccounts", "shop", "bot", "token"),
    ),
    ("GET", "/api/v1/namespaces", ("list", "namespaces", "", "", "")),
    ("GET", "/api/v1/namespaces/shop", ("get", "namespaces", "", "shop", "")),
    ("PUT", "/api/v1/namespaces/shop/finalize", ("update", "namespaces", "", "shop", "finalize")),
    ("GET", "/api/v1/namespaces/shop/status", ("get", "namespaces", "", "shop", "status")),
    ("GET", "/api/v1/nodes/n/status", ("get", "nodes", "", "n", "status")),
    ("GET", "/apis/apps/v1/deployments", ("list", "deployments", "", "", "")),
    ("POST", "/apis/apps/v1/namespaces/a/deployments", ("create", "deployments", "a", "", "")),
    ("PUT", "/apis/apps/v1/namespaces/a/deployments/d", ("update", "deployments", "a", "d", "")),
    ("PATCH", "/apis/apps/v1/namespaces/a/deployments/d/scale", ("patch", "deployments", "a", "d", "scale")),
    ("DELETE", "/apis/apps/v1/namespaces/a/deployments/d", ("delete", "deployments", "a", "d", "")),
    ("DELETE", "/apis/apps/v1/namespaces/a/deployments", ("deletecollection", "deployments", "a", "", "")),
    ("GET", "/api/v1/watch/pods", ("watch", "pods", "", "", "")),
    ("GET", "/api/v1/watch/namespaces/a/pods", ("watch", "pods", "a", "", "")),
]


@pytest.mark.parametrize(("method", "path", "leads"), LEADS)
def test_where_a_url_leads(method, path, leads):
    found = route(RESOURCES, method, path)
    assert (found.verb, found.resource.plural, found.namespace, found.name, found.subresource) == leads


def test_the_old_way_to_ask_for_a_watch():
    assert route(RESOURCES, "GET", "/api/v1/pods", watch=True).verb == "watch"
    assert route(RESOURCES, "GET", "/api/v1/namespaces/a/pods/web", watch=True).verb == "watch"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/healthz",
        "/api",
        "/api/v1",
        "/apis",
        "/apis/apps",
        "/apis/apps/v1",
        "/apis/apps/v1/pods",
        "/apis/example.org/v1/widgets",
        "/api/v1/namespaces/a/nodes/n",
        "/api/v1/namespaces/a/pods/web/log/more",
        "/openapi/v3/apis/apps/v1",
    ],
)
def test_what_is_no_resource_is_only_a_path(path):
    found = route(RESOURCES, "GET", path)
    assert (found.verb, found.resource) == ("get", None)


REFUSED = [
    ("PUT", "/api/v1/namespaces/a/pods", 405),
    ("POST", "/api/v1/pods", 405),
    ("POST", "/api/v1/namespaces/a/pods/web", 405),
    ("DELETE", "/api/v1/pods", 405),
    ("PATCH", "/api/v1/namespaces/a/pods", 405),
    ("DELETE", "/api/v1/namespaces", 405),
    ("GET", "/apis/authorization.k8s.io/v1/subjectaccessreviews", 405),
    ("POST", "/api/v1/namespaces/a/pods/web/log", 405),
    ("DELETE", "/api/v1/namespaces/a/pods/web/status", 405),
    ("GET", "/api/v1/namespaces/a/pods/web/nothing", 404),
    ("OPTIONS", "/api/v1/namespaces/a/pods/web", 405),
]


@pytest.mark.parametrize(("method", "path", "code"), REFUSED)
def test_a_method_that_is_not_served_is_refused(method, path, code):
    with pytest.raises(ApiError) as caught:
        route(RESOURCES, method, path)
    assert caught.value.code == code
