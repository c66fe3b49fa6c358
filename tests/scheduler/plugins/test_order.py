from pathlib import Path

import pytest

from pyk8s.scheduler import plugins
from pyk8s.scheduler.framework import Event
from pyk8s.scheduler.plugins import ORDER


def test_every_plugin_has_its_place_in_the_order():
    files = {file.stem for file in Path(plugins.__file__).parent.glob("*.py")} - {"__init__"}
    assert sorted(plugin.name for plugin in ORDER) == sorted(files)


@pytest.mark.parametrize("plugin", ORDER, ids=lambda plugin: plugin.name)
def test_a_plugin_that_refuses_says_why_and_what_wakes_its_pods(plugin):
    assert (plugin.mask is None) == (plugin.reasons is None) == (not plugin.woken_by)
    assert plugin.mask or plugin.score


@pytest.mark.parametrize("event", [Event.NODE_ADDED, Event.NODE_UPDATED])
def test_a_change_of_nodes_wakes_everybody(event):
    assert all(event in plugin.woken_by for plugin in ORDER if plugin.mask)
