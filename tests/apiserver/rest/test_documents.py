import orjson
import pytest

from pyk8s.api.resources import Resource, Resources
from pyk8s.apiserver.rest.documents import Documents, Parts, aggregated_form
from pyk8s.observe.health import Health
from pyk8s.wire.pki import signing_key
from pyk8s.wire.tokens import Verifier
from tests.apiserver.makers import refused, request


class Schema:
    def hashes(self):
        return {"api/v1": "H1", "apis/apps/v1": "H2"}

    def document(self, path):
        return b'{"openapi":"3.0.0"}' if path == "apis/apps/v1" else None

    def swagger(self):
        return b'{"swagger":"2.0"}'


AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
KUBECTL = f"{AGGREGATED},application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"


@pytest.fixture
def health():
    return Health(live={"ping": lambda: ""}, ready={"etcd": lambda: ""})


@pytest.fixture
def resources():
    return Resources.builtin()


@pytest.fixture
def documents(health, resources):
    verifier = Verifier("https://issuer", [signing_key()])
    return Documents(Parts(resources, Schema(), health, lambda: "10.0.0.1:6443", verifier))


def ask(documents, path, accept="application/json", verb="get"):
    return documents.handle(request(verb, plural="", path=path, accept=accept))


async def told(documents, path, accept="application/json"):
    return orjson.loads((await ask(documents, path, accept)).body)


KINDS = [
    ("/api", "APIVersions"),
    ("/apis", "APIGroupList"),
    ("/apis/", "APIGroupList"),
    ("/apis/apps", "APIGroup"),
    ("/api/v1", "APIResourceList"),
    ("/apis/apps/v1", "APIResourceList"),
]


@pytest.mark.parametrize(("path", "kind"), KINDS)
async def test_discovery_stands_at_its_paths(documents, path, kind):
    assert (await told(documents, path))["kind"] == kind


@pytest.mark.parametrize("path", ["/api", "/apis"])
async def test_kubectl_gets_all_of_discovery_at_once(documents, path):
    answer = await ask(documents, path, KUBECTL)
    assert answer.content_type == AGGREGATED
    assert orjson.loads(answer.body)["kind"] == "APIGroupDiscoveryList"
    assert answer.etag


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (KUBECTL, "v2"),
        ("application/json", ""),
        ("", ""),
        (f"application/json,{AGGREGATED}", ""),
        (AGGREGATED.replace("v=v2", "v=v2beta1"), "v2beta1"),
        (AGGREGATED.replace("v=v2", "v=v3"), ""),
    ],
)
def test_which_form_of_discovery_is_wanted(accept, form):
    assert aggregated_form(accept) == form


async def test_discovery_follows_the_table(documents, resources):
    before = (await ask(documents, "/apis", KUBECTL)).etag
    resources.add(Resource("example.org", "v1", "Widget", "widgets", "widget", True, ""))
    assert (await told(documents, "/apis/example.org/v1"))["resources"][0]["name"] == "widgets"
    assert (await ask(documents, "/apis", KUBECTL)).etag != before
    resources.remove("example.org", "v1", "widgets")
    assert (await refused(ask(documents, "/apis/example.org/v1"))).code == 404


async def test_the_version_is_that_of_the_api_we_serve(documents):
    version = await told(documents, "/version")
    assert (version["major"], version["minor"]) == ("1", "37")
    assert version["gitVersion"].startswith("v1.37.0+pyk8s")


async def test_openapi_by_group_version(documents):
    paths = (await told(documents, "/openapi/v3"))["paths"]
    assert paths["apis/apps/v1"] == {"serverRelativeURL": "/openapi/v3/apis/apps/v1?hash=H2"}
    answer = await ask(documents, "/openapi/v3/apis/apps/v1?hash=H2")
    assert (answer.body, bool(answer.etag)) == (b'{"openapi":"3.0.0"}', True)
    assert (await refused(ask(documents, "/openapi/v3/apis/none/v1"))).code == 404


async def test_openapi_v2_is_json_or_the_protobuf_that_kubectl_asks_for(documents):
    assert await told(documents, "/openapi/v2") == {"swagger": "2.0"}
    protobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
    answer = await ask(documents, "/openapi/v2", protobuf)
    assert (answer.body, answer.content_type) == (b"\x0a\x032.0", protobuf.replace("@", "."))
    assert (await refused(ask(documents, "/openapi/v2", "application/xml"))).code == 406
    assert (await ask(documents, "/openapi/v2", f"{protobuf},application/json")).code == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz", "/readyz/etcd", "/livez/ping", "/healthz/ping"])
async def test_a_server_that_is_well_says_ok(documents, path):
    answer = await ask(documents, path)
    assert (answer.code, answer.body) == (200, b"ok")


async def test_a_server_that_is_not_ready_says_why(documents, health):
    health.ready["etcd"] = lambda: "it does not answer"
    answer = await ask(documents, "/readyz")
    assert answer.code == 500
    assert b"[-]etcd failed: it does not answer" in answer.body
    assert (await ask(documents, "/readyz/etcd")).body == b"it does not answer"
    assert (await ask(documents, "/livez")).code == 200


async def test_health_in_words(documents):
    assert (await ask(documents, "/readyz?verbose")).body == b"[+]ping ok\n[+]etcd ok\nreadyz check passed\n"
    assert (await refused(ask(documents, "/readyz/nothing"))).code == 404


async def test_metrics_are_text(documents):
    assert (await ask(documents, "/metrics")).content_type.startswith("text/plain")


async def test_the_keys_of_tokens_are_published(documents):
    assert (await told(documents, "/openid/v1/jwks"))["keys"][0]["kty"] == "EC"
    assert (await told(documents, "/.well-known/openid-configuration"))["issuer"] == "https://issuer"


async def test_the_root_lists_what_there_is(documents):
    paths = (await told(documents, "/"))["paths"]
    assert {"/api/v1", "/apis/apps/v1", "/version", "/readyz"} <= set(paths)


@pytest.mark.parametrize("path", ["/nothing", "/api/v2", "/apis/apps/v1/nothing", "/openapi/v4", "/version/x"])
async def test_what_is_not_there_is_not_found(documents, path):
    assert (await refused(ask(documents, path))).code == 404


async def test_documents_are_only_read(documents):
    assert (await refused(ask(documents, "/api", verb="post"))).code == 405
