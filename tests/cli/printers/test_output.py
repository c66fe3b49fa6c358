"""`-o` in every form, and a clear word about those that do not exist."""

import json

import pytest
import yaml

from pyk8s.cli.printers.jsonpath import TemplateInvalid
from pyk8s.cli.printers.output import OutputInvalid, parse_output, to_yaml

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "labels": {"b": "2", "a": "1"}},
    "spec": {"containers": [{"name": "x"}, {"name": "y"}]},
}
BOTH = {
    "apiVersion": "v1",
    "kind": "List",
    "items": [POD, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "shop"}}],
}


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        pytest.param("name", POD, "pod/web\n", id="name"),
        pytest.param("name", BOTH, "pod/web\ndeployment.apps/shop\n", id="names of a list"),
        pytest.param("jsonpath={.metadata.name}", POD, "web", id="jsonpath"),
        pytest.param(
            "custom-columns=NAME:.metadata.name,C:.spec.containers[*].name",
            BOTH,
            "NAME   C\nweb    x,y\nshop   <none>\n",
            id="custom columns",
        ),
        pytest.param("custom-columns=L:.metadata.labels", POD, "L\nmap[a:1 b:2]\n", id="an object in a column"),
        pytest.param("jsonpath-as-json={.metadata.name}", POD, '[\n    "web"\n]\n', id="jsonpath as JSON"),
    ],
)
def test_form(form, value, text):
    assert parse_output(form).render(value) == text


def test_json_and_yaml_hold_the_same_object():
    assert json.loads(parse_output("json").render(POD)) == POD
    assert yaml.safe_load(parse_output("yaml").render(POD)) == POD


def test_yaml_writes_several_lines_as_a_block_and_never_an_alias():
    shared = {"k": "one\ntwo\n"}
    text = to_yaml({"a": shared, "b": shared})
    assert "k: |\n    one\n    two\n" in text
    assert "&" not in text


def test_custom_columns_from_a_file(tmp_path):
    spec = tmp_path / "columns"
    spec.write_text("NAME KIND\n.metadata.name .kind\n")
    assert parse_output(f"custom-columns-file={spec}").render(POD) == "NAME   KIND\nweb    Pod\n"


@pytest.mark.parametrize(
    ("form", "says"),
    [
        pytest.param("xml", "unknown output format 'xml'.*json, yaml", id="an unknown form"),
        pytest.param("jsonpath", "needs a value", id="a missing template"),
        pytest.param("custom-columns=NAME", "HEADER:PATH", id="a column without a path"),
        pytest.param(f"jsonpath-file={__file__}.none", "cannot read .*none", id="a missing file"),
    ],
)
def test_an_unreadable_form_says_what_to_write(form, says):
    with pytest.raises((OutputInvalid, TemplateInvalid), match=says):
        parse_output(form)
