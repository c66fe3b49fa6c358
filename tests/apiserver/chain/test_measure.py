from types import SimpleNamespace

import pytest

from pyk8s.aio.clock import sleep
from pyk8s.api.errors import not_found
from pyk8s.apiserver.chain.measure import measure
from pyk8s.apiserver.chain.record import Record
from pyk8s.apiserver.request import Answer
from tests.apiserver.makers import Recorder, refused, request
from tests.virtual import virtual_time


def samples(record):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in record.collect()
        for sample in family.samples
    }


async def test_requests_are_counted_by_verb_resource_and_code():
    record = Record()
    parts = SimpleNamespace(record=record)
    await measure(Recorder(Answer(b"{}", 201)), parts)(request("create", "pods", namespace="shop"))
    await refused(measure(Recorder(not_found("", "pods", "x")), parts)(request("get", "pods", namespace="a", name="x")))
    assert record.codes == {
        ("create", "", "v1", "pods", "", "namespace", "201"): 1,
        ("get", "", "v1", "pods", "", "resource", "404"): 1,
    }


async def test_an_error_that_is_none_of_the_api_counts_as_500():
    record = Record()
    with pytest.raises(KeyError):
        await measure(Recorder(KeyError("x")), SimpleNamespace(record=record))(request("list", "nodes"))
    assert list(record.codes) == [("list", "", "v1", "nodes", "", "cluster", "500")]


@virtual_time
async def test_a_duration_falls_under_every_bound_above_it():
    async def slow(made):
        await sleep(0.3)
        return Answer(b"{}")

    record = Record()
    await measure(slow, SimpleNamespace(record=record))(request("get", "pods", name="x", namespace="a"))
    found = samples(record)
    labels = [("group", ""), ("resource", "pods"), ("scope", "resource"), ("subresource", "")]
    labels += [("verb", "GET"), ("version", "v1")]

    def bucket(bound):
        return found[("apiserver_request_duration_seconds_bucket", *sorted([*labels, ("le", bound)]))]

    assert (bucket("0.25"), bucket("0.5"), bucket("+Inf")) == (0, 1, 1)
    assert found[("apiserver_request_duration_seconds_sum", *labels)] == pytest.approx(0.3)


def test_counts_carry_the_names_that_dashboards_read():
    record = Record()
    record.add(request("list", "deployments", "apps", namespace="a"), 200, 0.001)
    (name,) = [key for key in samples(record) if key[0] == "apiserver_request_total"]
    assert dict(name[1:]) == {
        "verb": "LIST",
        "group": "apps",
        "version": "v1",
        "resource": "deployments",
        "subresource": "",
        "scope": "namespace",
        "code": "200",
    }
