"""What a field means, from the published schema."""

import click
import pytest

from pyk8s.api.resources import Resources
from pyk8s.api.schema import Schema
from pyk8s.cli.verbs.explain import explanation

SCHEMA, RESOURCES = Schema.builtin(), Resources.builtin()


def text(word, fields="", recursive=False):
    return explanation(SCHEMA, RESOURCES.resolve(word), fields, recursive=recursive)


def test_a_kind_shows_its_group_its_text_and_its_fields():
    shown = text("deploy")
    assert shown.startswith("GROUP:      apps\nKIND:       Deployment\nVERSION:    v1\n\nDESCRIPTION:\n")
    assert "  spec\t<DeploymentSpec>" in shown


def test_a_path_goes_through_lists_and_says_what_is_required():
    shown = text("pod", "spec.containers")
    assert "FIELD: containers <[]Container>" in shown
    assert "  name\t<string> -required-" in shown


def test_recursive_shows_all_below_and_ends_where_a_schema_contains_itself():
    shown = text("pod", "spec", recursive=True)
    assert "    livenessProbe\t<Probe>\n" in shown
    assert text("crd", recursive=True).count("openAPIV3Schema") == 1


def test_a_field_that_does_not_exist_is_named_with_its_parent():
    with pytest.raises(click.ClickException, match=r'field "colour" does not exist in pod\.spec'):
        text("pod", "spec.colour")
