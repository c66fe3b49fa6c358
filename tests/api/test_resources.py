from __future__ import annotations

import pytest

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import DEPLOYMENTS, PODS
from pyk8s.api.resources import Resource, Resources

TABLE = Resources.builtin()


def custom(plural: str = "widgets", kind: str = "Widget", **more: object) -> Resource:
    return Resource("example.com", "v1", kind, plural, kind.lower(), True, "", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("po", "pods"),
        ("pod", "pods"),
        ("Pod", "pods"),
        ("PODS", "pods"),
        ("deploy", "deployments"),
        ("deployments.apps", "deployments"),
        ("deployment.v1.apps", "deployments"),
        ("deploy.apps", "deployments"),
        ("svc", "services"),
        ("ns", "namespaces"),
        ("sts", "statefulsets"),
        ("crd", "customresourcedefinitions"),
        ("crds", "customresourcedefinitions"),
        ("networkpolicy.networking.k8s.io", "networkpolicies"),
        ("pods.v1.", "pods"),
    ],
)
def test_a_word_people_type_names_a_resource(word: str, expected: str) -> None:
    assert TABLE.resolve(word).plural == expected


@pytest.mark.parametrize("word", ["", "podz", "pods.apps", "deployments.v2.apps", "."])
def test_an_unknown_word_says_that_there_is_no_such_type(word: str) -> None:
    with pytest.raises(ApiError, match="doesn't have a resource type"):
        TABLE.resolve(word)


def test_the_core_group_wins_and_the_group_suffix_decides() -> None:
    assert TABLE.resolve("events").group == ""
    assert TABLE.resolve("events.events.k8s.io").group == "events.k8s.io"


def test_the_preferred_version_comes_first() -> None:
    assert TABLE.resolve("hpa").version == "v2"
    assert TABLE.resolve("hpa.v1.autoscaling").version == "v1"
    assert TABLE.groups()["autoscaling"] == ("v2", "v1")


def test_a_resource_is_found_by_url_reference_and_kind() -> None:
    deployments = TABLE.find("apps", "v1", "deployments")
    assert deployments is not None
    assert deployments is TABLE.by_kind("apps/v1", "Deployment") is TABLE.by_ref(DEPLOYMENTS)
    assert deployments.api_version == "apps/v1"
    assert deployments.ref("default", "web").path == "/apis/apps/v1/namespaces/default/deployments/web"
    assert TABLE.find("apps", "v1beta1", "deployments") is None
    assert TABLE.by_kind("v1", "Deployment") is None


def test_every_row_is_unique_and_well_formed() -> None:
    kinds = [(r.api_version, r.kind) for r in TABLE]
    assert len(set(kinds)) == len(kinds) == len(TABLE)
    for row in TABLE:
        assert row.plural == row.plural.lower()
        assert row.verbs, row.kind
        assert list(row.subresources) == sorted(row.subresources)
        assert all(row.subresource(name) is not None for name in row.subresources)


def test_no_alpha_or_beta_version_is_served_by_default() -> None:
    assert {v for versions in TABLE.groups().values() for v in versions} == {"v1", "v2"}


def test_the_core_group_is_served_first() -> None:
    assert next(iter(TABLE.groups())) == ""


def test_subresources_name_what_they_take_and_give() -> None:
    pods = TABLE.by_ref(PODS)
    assert pods is not None
    binding, proxy, status = pods.subresource("binding"), pods.subresource("proxy"), pods.subresource("status")
    assert binding is not None and (binding.version, binding.kind, binding.verbs) == ("v1", "Binding", ("create",))
    assert proxy is not None and proxy.kind == "PodProxyOptions"
    assert status is not None and status.kind == "Pod"
    assert pods.subresource("scale") is None


def test_the_storage_version_hash_is_the_one_kubernetes_publishes() -> None:
    row = TABLE.resolve("csr")
    assert row.storage_version_hash == "95fRKMXA+00="


def test_the_category_all_holds_each_kind_once() -> None:
    found = TABLE.category("all")
    assert [r.plural for r in found].count("horizontalpodautoscalers") == 1
    assert {"pods", "services", "deployments", "jobs"} <= {r.plural for r in found}
    assert TABLE.category("nothing") == ()


def test_a_custom_resource_comes_and_goes_and_the_revision_tells() -> None:
    table = Resources.builtin()
    before = table.revision
    table.add(custom(short_names=("po",)))
    assert table.revision > before
    assert table.resolve("widget.example.com").kind == "Widget"
    assert table.resolve("po").kind == "Pod", "a built-in short name is not taken over"
    assert table.of("example.com", "v1") == (table.resolve("widgets"),)
    table.remove("example.com", "v1", "widgets")
    assert table.find("example.com", "v1", "widgets") is None
    assert table.by_kind("example.com/v1", "Widget") is None
    revision = table.revision
    table.remove("example.com", "v1", "widgets")
    assert table.revision == revision


def test_a_full_name_wins_over_a_short_name() -> None:
    table = Resources([custom("dogs", "Dog", short_names=("cat",)), custom("cats", "Cat")])
    assert table.resolve("cat").kind == "Cat"
