"""JSONPath templates print what kubectl prints for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.cli.printers.jsonpath import TemplateInvalid, parse, render

PODS = {
    "kind": "List",
    "items": [
        {
            "metadata": {"name": "web-1", "labels": {"app": "web", "app.kubernetes.io/name": "shop"}},
            "spec": {"containers": [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y:2"}]},
            "status": {"ready": True, "restarts": 3, "conditions": [{"type": "Ready", "status": "True"}]},
        },
        {
            "metadata": {"name": "db-0", "labels": {"app": "db"}},
            "spec": {"containers": [{"name": "c", "image": "z:3"}]},
            "status": {"ready": False, "restarts": 12, "conditions": [{"type": "Ready", "status": "False"}]},
        },
    ],
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        pytest.param("{.kind}", "List", id="a field"),
        pytest.param(".kind", "List", id="without braces"),
        pytest.param("{kind}", "List", id="without a leading dot"),
        pytest.param("{$.kind} {@.kind}", "List List", id="from the root and from here"),
        pytest.param("kind={.kind}\n", "kind=List\n", id="text around it stays"),
        pytest.param("{.items[*].metadata.name}", "web-1 db-0", id="all elements, separated by a space"),
        pytest.param("{.items[0].metadata.name}", "web-1", id="an index"),
        pytest.param("{.items[-1].metadata.name}", "db-0", id="from the end"),
        pytest.param("{.items[0:1].metadata.name}", "web-1", id="a slice"),
        pytest.param("{.items[0,1].metadata.name}", "web-1 db-0", id="a union of indexes"),
        pytest.param(
            "{.items[0].metadata['name','labels']}",
            'web-1 {"app":"web","app.kubernetes.io/name":"shop"}',
            id="a union of keys",
        ),
        pytest.param(r"{.items[0].metadata.labels.app\.kubernetes\.io/name}", "shop", id="escaped dots"),
        pytest.param(
            "{.items[0].metadata.labels['app\\.kubernetes\\.io/name']}", "shop", id="a quoted key with escapes"
        ),
        pytest.param("{..image}", "x:1 y:2 z:3", id="wherever it stands"),
        pytest.param(
            '{range .items[*]}{.metadata.name}{"\\t"}{.status.restarts}{"\\n"}{end}', "web-1\t3\ndb-0\t12\n", id="range"
        ),
        pytest.param(
            "{range .items[*]}{.metadata.name}:{range .spec.containers[*]}{.name},{end};{end}",
            "web-1:a,b,;db-0:c,;",
            id="range in range",
        ),
        pytest.param('{.items[?(@.metadata.name=="db-0")].status.restarts}', "12", id="a filter on text"),
        pytest.param("{.items[?(@.status.restarts>5)].metadata.name}", "db-0", id="a filter on a number"),
        pytest.param("{.items[?(@.status.ready==true)].metadata.name}", "web-1", id="a filter on a boolean"),
        pytest.param("{.items[?(@.metadata.labels.nope)].metadata.name}", "", id="a filter on existence"),
        pytest.param(
            "{.items[*].status.conditions[?(@.type=='Ready')].status}", "True False", id="a filter with single quotes"
        ),
        pytest.param("{.items[0].status.ready}", "true", id="a boolean as JSON"),
        pytest.param("{.items[0].spec.containers[0]}", '{"name":"a","image":"x:1"}', id="an object as JSON"),
        pytest.param("{.nothing.here}", "", id="a missing key is nothing"),
        pytest.param("{.items[9].metadata.name}", "", id="an index beyond the end is nothing"),
        pytest.param('{"}"}', "}", id="a quoted brace"),
        pytest.param("{.items[0].metadata.labels.*}", "web shop", id="all values of an object"),
    ],
)
def test_template(template, text):
    assert render(parse(template), PODS) == text


@pytest.mark.parametrize(
    ("template", "says"),
    [
        pytest.param("{.items", "never closed", id="a brace"),
        pytest.param("{.items[0}", "'\\[' is never closed", id="a bracket"),
        pytest.param("{range .items[*]}{.name}", "no '{end}'", id="a range"),
        pytest.param("{.name}{end}", "without a", id="an end alone"),
        pytest.param("{.items[x]}", r"\[x\]", id="an index that is no number"),
        pytest.param("{.a b}", "cannot read", id="a space"),
    ],
)
def test_an_invalid_template_is_refused_with_the_place(template, says):
    with pytest.raises(TemplateInvalid, match=says):
        parse(template)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_and_never_crashes(template):
    try:
        nodes = parse(template)
    except TemplateInvalid:
        return
    render(nodes, PODS)
