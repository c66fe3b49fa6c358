from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from pyk8s.api import podresources


def asks(cpu: str, **more: Any) -> dict[str, Any]:
    return {"resources": {"requests": {"cpu": cpu}}, **more}


def bounded(cpu: str, memory: str) -> dict[str, Any]:
    amounts = {"cpu": cpu, "memory": memory}
    return {"resources": {"requests": amounts, "limits": dict(amounts)}}


@pytest.mark.parametrize(
    ("spec", "cpu"),
    [
        ({"containers": [asks("1"), asks("500m")]}, Fraction(3, 2)),
        ({"containers": [asks("1")], "initContainers": [asks("3")]}, 3),
        ({"containers": [asks("1")], "initContainers": [asks("500m")]}, 1),
        ({"containers": [asks("1")], "initContainers": [asks("1", restartPolicy="Always")]}, 2),
        ({"containers": [asks("1")], "initContainers": [asks("1", restartPolicy="Always"), asks("2")]}, 3),
        ({"containers": [asks("1")], "initContainers": [asks("2"), asks("1", restartPolicy="Always")]}, 2),
        ({"containers": [asks("1")], "overhead": {"cpu": "250m"}}, Fraction(5, 4)),
        ({"containers": [asks("1")], "resources": {"requests": {"cpu": "4"}}}, 4),
    ],
)
def test_a_pod_takes_the_most_it_ever_needs_at_once(spec: dict[str, Any], cpu: Fraction | int) -> None:
    assert podresources.pod_requests(spec)["cpu"] == cpu


def test_overhead_bounds_only_what_is_bounded() -> None:
    spec = {"containers": [bounded("1", "1Gi")], "overhead": {"cpu": "1", "example.com/x": "1"}}
    assert podresources.pod_limits(spec) == {"cpu": 2, "memory": 2**30}
    assert podresources.pod_requests(spec)["example.com/x"] == 1


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"containers": [{}]}, "BestEffort"),
        ({"containers": [{"resources": {"limits": {"example.com/x": "1"}}}]}, "BestEffort"),
        ({"containers": [{"resources": {"requests": {"cpu": "0"}}}]}, "BestEffort"),
        ({"containers": [asks("1")]}, "Burstable"),
        ({"containers": [bounded("1", "1Gi")]}, "Guaranteed"),
        ({"containers": [bounded("1", "1Gi"), {}]}, "Burstable"),
        ({"containers": [bounded("1", "1Gi")], "initContainers": [asks("1")]}, "Burstable"),
        ({"containers": [bounded("1000m", "1024Mi")], "initContainers": [bounded("1", "1Gi")]}, "Guaranteed"),
        ({"containers": [{}], "resources": bounded("1", "1Gi")["resources"]}, "Guaranteed"),
        ({"containers": [bounded("1", "1Gi")], "resources": {"requests": {"cpu": "1"}}}, "Burstable"),
    ],
)
def test_the_class_of_service_follows_from_requests_and_limits(spec: dict[str, Any], expected: str) -> None:
    assert podresources.qos_class(spec) == expected
