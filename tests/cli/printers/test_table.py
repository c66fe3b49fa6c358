"""Tables look as kubectl prints them."""

import pytest

from pyk8s.cli.printers.table import GREEN, RED, YELLOW, Columns, Layout, cell_text, paint, whole

PODS = {
    "columnDefinitions": [
        {"name": "Name", "format": "name"},
        {"name": "Ready"},
        {"name": "Status"},
        {"name": "Node", "priority": 1},
    ],
    "rows": [
        {
            "cells": ["web-1", "1/1", "Running", "node-1"],
            "object": {"metadata": {"name": "web-1", "namespace": "shop", "labels": {"app": "web", "tier": "front"}}},
        },
        {"cells": ["a-much-longer-name", "0/1", "Pending", None], "object": {"metadata": {"namespace": "shop"}}},
    ],
}


@pytest.mark.parametrize(
    ("layout", "lines"),
    [
        pytest.param(
            Layout(),
            [
                "NAME                 READY   STATUS",
                "web-1                1/1     Running",
                "a-much-longer-name   0/1     Pending",
            ],
            id="plain: columns of priority 0, three spaces between",
        ),
        pytest.param(
            Layout(wide=True, headers=False),
            ["web-1                1/1   Running   node-1", "a-much-longer-name   0/1   Pending   <none>"],
            id="wide without headers",
        ),
        pytest.param(
            Layout(namespaces=True, label_columns=("app",)),
            [
                "NAMESPACE   NAME                 READY   STATUS    APP",
                "shop        web-1                1/1     Running   web",
                "shop        a-much-longer-name   0/1     Pending",
            ],
            id="namespaces and a label column",
        ),
        pytest.param(
            Layout(show_labels=True, kind_prefix="pod"),
            [
                "NAME                     READY   STATUS    LABELS",
                "pod/web-1                1/1     Running   app=web,tier=front",
                "pod/a-much-longer-name   0/1     Pending   <none>",
            ],
            id="all labels, names with their kind",
        ),
    ],
)
def test_layout(layout, lines):
    assert whole(PODS, layout) == lines


def test_no_rows_print_nothing():
    assert whole({"columnDefinitions": [{"name": "Name"}], "rows": []}, Layout()) == []


def test_columns_of_a_watch_only_grow():
    columns = Columns()
    assert columns.lines([["NAME", "S"], ["web", "x"]]) == ["NAME   S", "web    x"]
    assert columns.lines([["a-long-name", "y"]]) == ["a-long-name   y"]
    assert columns.lines([["web", "z"]]) == ["web           z"]


@pytest.mark.parametrize(
    ("cell", "colour"),
    [
        pytest.param("Running", GREEN, id="well"),
        pytest.param("ContainerCreating", YELLOW, id="under way"),
        pytest.param("Init:0/1", YELLOW, id="init containers"),
        pytest.param("CrashLoopBackOff", RED, id="wrong"),
        pytest.param("Ready,SchedulingDisabled", YELLOW, id="cordoned"),
        pytest.param("web-1", "", id="a name has no colour"),
    ],
)
def test_a_state_has_a_colour(cell, colour):
    assert paint(cell).startswith(colour)
    assert bool(colour) == (paint(cell) != cell)


def test_a_cell_never_sends_control_characters_to_the_terminal():
    assert cell_text("x\x1b[2J") == "x\\x1b[2J"
    assert cell_text("first\nsecond") == "first..."
