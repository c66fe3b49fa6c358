"""Logs: JSON lines, a level for each component, errors as sentences."""

import io
import json

import pytest

from pyk8s.observe import logs


@pytest.fixture
def lines():
    out = io.StringIO()
    logs.configure("info", to=out)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    logs._levels.clear()


def test_a_line_is_one_json_object_with_time_level_component_and_facts(lines):
    logs.get("kubelet").info("pod started", pod="default/web")
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "pod started", "component": "kubelet", "level": "info", "pod": "default/web"}


def test_below_the_level_nothing_is_written(lines):
    logs.get("kubelet").debug("detail")
    assert lines() == []


def test_one_component_can_be_turned_up_while_running(lines):
    logger, other = logs.get("kubelet"), logs.get("proxy")
    logs.set_level("debug", "kubelet")
    logger.debug("seen")
    other.debug("not seen")
    assert [line["event"] for line in lines()] == ["seen"]


def test_an_exception_is_said_in_a_sentence(lines):
    logs.get("etcd").warning("watch broke", why=ConnectionResetError("peer went away"))
    assert lines()[0]["why"] == "ConnectionResetError: peer went away"


def test_an_unknown_level_is_refused_by_name():
    with pytest.raises(ValueError, match=r"loud.*debug, info, warning, error"):
        logs.set_level("loud")
