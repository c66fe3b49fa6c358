"""`pyk8s events`: which are shown."""

import pytest

from pyk8s.api.refs import EVENTS
from pyk8s.cli.verbs.events import events


def event(name, about, reason, type_="Normal"):
    """An event about a pod, as it stands in the API."""
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name},
        "involvedObject": {"kind": "Pod", "name": about},
        "reason": reason,
        "type": type_,
    }


@pytest.fixture
def told(rig):
    rig.create(EVENTS.within("default"), event("a", "web-1", "Started"))
    rig.create(EVENTS.within("default"), event("b", "web-2", "Failed", "Warning"))
    return rig


def test_all_or_only_some_types(told):
    assert {"Started", "Failed"} <= set(told.said(events).split())
    assert "Started" not in told.said(events, "--types=warning")


@pytest.mark.parametrize("about", ["garbage", "pods", "a/b/c", "pod/", "/web-1"])
def test_what_names_no_object_is_refused(told, about):
    result = told.run(events, f"--for={about}")
    assert result.exit_code == 2
    assert "must be TYPE/NAME" in result.output


def test_an_unknown_kind_is_refused(told):
    assert 'resource type "nopes"' in str(told.run(events, "--for=nopes/x").exception)
