"""What LimitRanges give and refuse."""

import pytest

from pyk8s.apiserver.admission.plugins.limitranger import ANNOTATION, judge
from tests.apiserver.registry.running import pod, refused, running_registry


@pytest.fixture
async def api():
    async with running_registry(namespaces=["default"]) as made:
        yield made


async def limit(api, *limits):
    await api.create("limitranges", "default", {"metadata": {"name": "l"}, "spec": {"limits": list(limits)}})


def pod_of(requests=None, limits=None):
    resources = {key: value for key, value in (("requests", requests), ("limits", limits)) if value}
    return pod(containers=[{"name": "main", "image": "x", "resources": resources}])


def resources(made):
    return made["spec"]["containers"][0]["resources"]


CONTAINER = {"type": "Container", "default": {"cpu": "500m", "memory": "1Gi"}, "defaultRequest": {"cpu": "100m"}}


async def test_a_container_that_says_nothing_gets_the_defaults(api):
    await limit(api, CONTAINER)
    made = await api.create("pods", "default", pod())
    assert resources(made) == {
        "requests": {"cpu": "100m", "memory": "1Gi"},
        "limits": {"cpu": "500m", "memory": "1Gi"},
    }
    assert "cpu" in made["metadata"]["annotations"][ANNOTATION]
    assert made["status"]["qosClass"] == "Burstable"


async def test_what_a_container_says_stands(api):
    await limit(api, CONTAINER)
    made = await api.create("pods", "default", pod_of({"cpu": "200m"}, {"memory": "2Gi"}))
    assert resources(made)["requests"]["cpu"] == "200m"
    assert resources(made)["limits"] == {"memory": "2Gi", "cpu": "500m"}


async def test_a_range_that_says_nothing_limits_nothing(api):
    await api.create("limitranges", "default", {"metadata": {"name": "l"}})
    assert resources(await api.create("pods", "default", pod())) == {}


async def test_a_limit_that_stands_alone_is_the_request_too(api):
    await limit(api, CONTAINER)
    made = await api.create("pods", "default", pod_of(None, {"cpu": "300m"}))
    assert resources(made)["requests"]["cpu"] == "300m"


async def test_a_pod_outside_of_its_limits_is_refused_with_every_reason(api):
    await limit(api, {"type": "Container", "max": {"cpu": "1"}, "min": {"memory": "64Mi"}})
    error = await refused(api.create("pods", "default", pod_of({"cpu": "2", "memory": "1Mi"}, {"cpu": "2"})))
    assert error.code == 403
    assert "maximum cpu usage per Container is 1, but limit is 2" in error.message
    assert "minimum memory usage per Container is 64Mi, but request is 1Mi" in error.message


async def test_the_sum_of_a_pod_has_limits_too(api):
    await limit(api, {"type": "Pod", "max": {"cpu": "1"}})
    sent = pod_of({"cpu": "600m"}, {"cpu": "600m"})
    sent["spec"]["containers"].append({**sent["spec"]["containers"][0], "name": "side"})
    assert "maximum cpu usage per Pod is 1" in (await refused(api.create("pods", "default", sent))).message


async def test_claims_have_limits(api):
    await limit(api, {"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}})
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
    error = await refused(api.create("persistentvolumeclaims", "default", {"metadata": {"name": "c"}, "spec": spec}))
    assert "but request is 2Gi" in error.message


async def test_another_namespace_has_no_limits(api):
    await limit(api, CONTAINER)
    await api.namespace("team")
    made = await api.create("pods", "team", pod())
    assert resources(made) == {}


@pytest.mark.parametrize(
    ("limit", "requests", "limits", "said"),
    [
        ({"min": {"cpu": "1"}}, {"cpu": "1"}, {}, []),
        ({"min": {"cpu": "1"}}, {}, {}, ["No request is specified"]),
        ({"max": {"cpu": "1"}}, {}, {}, ["No limit is specified"]),
        ({"max": {"cpu": "1"}}, {}, {"cpu": "1"}, []),
        ({"maxLimitRequestRatio": {"cpu": "2"}}, {"cpu": "1"}, {"cpu": "2"}, []),
        ({"maxLimitRequestRatio": {"cpu": "2"}}, {"cpu": "1"}, {"cpu": "3"}, ["provided ratio is 3.0"]),
        ({"maxLimitRequestRatio": {"cpu": "2"}}, {}, {"cpu": "3"}, ["no request or limit is specified"]),
        ({"maxLimitRequestRatio": {"cpu": "2"}}, {"cpu": "0"}, {"cpu": "3"}, ["no request or limit is specified"]),
    ],
)
def test_judge(limit, requests, limits, said):
    found = judge({"type": "Container", **limit}, requests, limits)
    assert len(found) == len(said)
    assert all(part in text for part, text in zip(said, found, strict=True))
