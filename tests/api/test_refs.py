from __future__ import annotations

import pytest

from pyk8s.api import refs
from pyk8s.api.refs import DEPLOYMENTS, NODES, PODS, Ref
from pyk8s.api.resources import Resources


@pytest.mark.parametrize(
    ("ref", "path"),
    [
        (PODS, "/api/v1/pods"),
        (PODS.within("default"), "/api/v1/namespaces/default/pods"),
        (PODS.of("web", "default"), "/api/v1/namespaces/default/pods/web"),
        (PODS.of("web", "default").sub("status"), "/api/v1/namespaces/default/pods/web/status"),
        (NODES.of("n1"), "/api/v1/nodes/n1"),
        (DEPLOYMENTS, "/apis/apps/v1/deployments"),
        (DEPLOYMENTS.of("web", "default"), "/apis/apps/v1/namespaces/default/deployments/web"),
    ],
)
def test_a_reference_has_the_path_of_the_kubernetes_api(ref: Ref, path: str) -> None:
    assert ref.path == path


def test_an_object_keeps_the_namespace_of_its_collection() -> None:
    assert PODS.within("a").of("web") == PODS.of("web", "a")
    assert PODS.of("web", "a").of("db") == PODS.of("db", "a")
    assert PODS.namespace == "", "a reference never changes"


def test_the_api_version_stands_as_in_an_object() -> None:
    assert PODS.api_version == "v1"
    assert DEPLOYMENTS.api_version == "apps/v1"


def test_every_named_collection_is_served() -> None:
    table = Resources.builtin()
    named = [value for value in vars(refs).values() if isinstance(value, Ref)]
    assert len(named) > 10
    assert all(table.by_ref(ref) is not None for ref in named)
