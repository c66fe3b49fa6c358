import base64

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.api.errors import ApiError
from pyk8s.apiserver.rest.protobuf.decode import MAX_DEPTH, json_of, object_of
from tests.apiserver.rest.protobuf.messages import envelope, field, message, varint

META = message((1, "web"), (2, ""), (3, "shop"), (7, 0), (8, b""), (11, message((1, "app"), (2, "web"))))


def read(api_version, kind, *fields):
    return object_of(envelope(api_version, kind, message(*fields)))


def test_an_object_with_its_metadata():
    assert read("v1", "Pod", (1, META)) == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
    }


def test_secrets_carry_bytes():
    made = read("v1", "Secret", (1, META), (2, message((1, "k"), (2, b"\x00\xff"))), (3, "Opaque"), (5, 1))
    assert made["data"] == {"k": base64.b64encode(b"\x00\xff").decode()}
    assert (made["type"], made["immutable"]) == ("Opaque", True)


def pod(*fields):
    return read("v1", "Pod", (2, message(*fields)))["spec"]


def container(*fields):
    (found,) = pod((2, message((1, "c"), *fields)))["containers"]
    return found


def test_lists_numbers_and_maps():
    spec = pod((2, message((1, "a"))), (2, message((1, "b"))), (4, 0), (7, message((1, "disk"), (2, "ssd"))))
    assert [one["name"] for one in spec["containers"]] == ["a", "b"]
    assert spec["terminationGracePeriodSeconds"] == 0
    assert spec["nodeSelector"] == {"disk": "ssd"}


def test_negative_numbers():
    assert pod((25, -5))["priority"] == -5


def test_quantities_are_text():
    limits = message((1, "cpu"), (2, message((1, "250m"))))
    assert container((8, message((1, limits))))["resources"] == {"limits": {"cpu": "250m"}}


@pytest.mark.parametrize(
    ("sent", "read_as"), [(message((1, 0), (2, 8080)), 8080), (message((1, 1), (3, "http")), "http"), (b"", None)]
)
def test_a_port_is_a_number_or_a_name(sent, read_as):
    probe = message((1, message((2, message((1, "/z"), (2, sent))))))
    assert container((10, probe))["livenessProbe"]["httpGet"].get("port") == read_as


def test_fields_that_stand_inline():
    volume = message((1, "v"), (2, message((2, message((1, "Memory"))))))
    assert pod((1, volume))["volumes"] == [{"name": "v", "emptyDir": {"medium": "Memory"}}]
    source = message((4, message((1, message((1, "s"))), (2, "key"))))
    env = container((7, message((1, "A"), (3, source))))["env"]
    assert env == [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "key"}}}]


def test_an_empty_object_that_was_sent_on_purpose_stays():
    assert pod((1, message((1, "v"), (2, message((2, b""))))))["volumes"] == [{"name": "v", "emptyDir": {}}]
    assert pod((14, b""))["securityContext"] == {}


def test_times():
    deleted = message((9, message((1, 1_700_000_000))))
    assert read("v1", "Pod", (1, deleted))["metadata"]["deletionTimestamp"] == "2023-11-14T22:13:20Z"
    renewed = message((4, message((1, 1_700_000_000), (2, 5_000))))
    assert read("coordination.k8s.io/v1", "Lease", (2, renewed))["spec"]["renewTime"] == "2023-11-14T22:13:20.000005Z"


def test_json_inside():
    made = read("apps/v1", "ControllerRevision", (2, message((1, b'{"a":[1]}'))), (3, 4))
    assert (made["data"], made["revision"]) == ({"a": [1]}, 4)


def test_lists_inside_maps():
    extra = message((1, "team"), (2, message((1, "a"), (1, "b"))))
    spec = message((1, message((1, ""), (2, "get"), (3, ""), (4, ""), (5, "pods"))), (5, extra))
    made = read("authorization.k8s.io/v1", "SubjectAccessReview", (2, spec))
    assert made["spec"]["extra"] == {"team": ["a", "b"]}
    assert made["spec"]["resourceAttributes"] == {"verb": "get", "resource": "pods"}


@pytest.mark.parametrize("api_version", ["v1", "apps/v1", "policy/v1"])
def test_delete_options_are_alike_everywhere(api_version):
    made = read(api_version, "DeleteOptions", (1, 0), (4, "Foreground"), (2, message((1, "u"))))
    assert made["gracePeriodSeconds"] == 0
    assert (made["propagationPolicy"], made["preconditions"]) == ("Foreground", {"uid": "u"})


def test_a_packed_list_of_numbers():
    context = message((4, varint(1) + varint(2)))
    assert pod((14, context))["securityContext"]["supplementalGroups"] == [1, 2]


def test_a_field_nobody_knows_is_passed_over():
    assert read("v1", "Namespace", (1, META), (999, "later"))["metadata"]["name"] == "web"


NESTED = message((1, META))
BROKEN = [
    pytest.param(b"", id="empty"),
    pytest.param(b"{}", id="JSON"),
    pytest.param(envelope("v1", "Widget", b""), id="unknown kind"),
    pytest.param(envelope("v1", "Pod", b"\x0a\xff"), id="cut short"),
    pytest.param(envelope("v1", "Pod", b"\x0b"), id="group"),
    pytest.param(envelope("v1", "Pod", b"\x08" + b"\xff" * 11), id="endless number"),
    pytest.param(envelope("v1", "Pod", field(1, 5)), id="number for a message"),
    pytest.param(envelope("v1", "Pod", message((1, message((1, b"\xff"))))), id="no UTF-8"),
    pytest.param(envelope("v1", "Pod", message((2, message((4, "x"))))), id="text for a number"),
    pytest.param(envelope("v1", "Pod", message((1, message((9, message((1, 1 << 60))))))), id="time without end"),
]


@pytest.mark.parametrize("body", BROKEN)
def test_what_cannot_be_read_is_a_bad_request(body):
    with pytest.raises(ApiError) as caught:
        json_of(body)
    assert caught.value.code == 400


def test_nesting_ends():
    schema = b""
    for _ in range(MAX_DEPTH * 2):
        schema = message((7, schema))
    affinity = message((18, message((1, schema))))
    made = envelope("v1", "Pod", message((2, affinity)))
    assert b'"affinity"' in json_of(made)  # what is no field there is not followed


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw):
    try:
        orjson.loads(json_of(envelope("v1", "Pod", raw)))
    except ApiError as error:
        assert error.code == 400
