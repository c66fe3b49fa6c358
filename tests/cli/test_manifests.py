"""Manifests: everything Kubernetes users write is read; what is wrong is named with file and line."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.cli.manifests import ManifestInvalid, parse, read

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\n"


def objects(text):
    return [manifest.object for manifest in parse(text, "web.yaml")]


def test_documents_come_in_order_and_empty_ones_are_passed_over():
    text = f"---\n{POD}---\n# nothing\n---\n{POD.replace('web', 'db')}"
    assert [each["metadata"]["name"] for each in objects(text)] == ["web", "db"]


def test_a_list_is_read_as_its_members():
    text = '{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}]}'
    assert [each["kind"] for each in objects(text)] == ["Pod"]


def test_a_date_stays_text_and_a_generated_name_is_enough():
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: x-}\ndata: {day: 2024-01-02}\n"
    assert objects(text)[0]["data"] == {"day": "2024-01-02"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("a: [1\nb: 2", "web.yaml, line 2, column 2: cannot be read as YAML", id="broken YAML"),
        pytest.param("a: 1\na: 2", "line 2.*'a' is given twice", id="a key twice"),
        pytest.param("- 1", "not a list", id="a list at the top"),
        pytest.param("just text", "not text", id="text at the top"),
        pytest.param("kind: Pod\nmetadata: {name: x}", "apiVersion is missing", id="no apiVersion"),
        pytest.param("apiVersion: v1\nmetadata: {name: x}", "kind is missing", id="no kind"),
        pytest.param("apiVersion: v1\nkind: Pod", "metadata is missing", id="no metadata"),
        pytest.param("apiVersion: v1\nkind: Pod\nmetadata: {}", "metadata.name is missing in this Pod", id="no name"),
        pytest.param(POD + "---\nx: 1", "web.yaml, document 2", id="the second document"),
        pytest.param("a: &x [*x]", "web.yaml", id="an alias of itself"),
        pytest.param("!!python/object/apply:os.system [ls]", "cannot be read as YAML", id="code in YAML"),
        pytest.param("[" * 3000, "web.yaml", id="nested too deeply"),
        pytest.param(
            f"{POD}spec: " + "[" * 250 + "]" * 250, "nested (too deeply|more than 200 deep)", id="deeper than JSON goes"
        ),
        pytest.param(f"{POD}spec: {{a: .inf}}", "web.yaml: spec.a: inf is no number", id="no number"),
        pytest.param(f"{POD}spec: {{a: {2**70}}}", "spec.a: .*64 bits", id="too large"),
        pytest.param(f"{POD}spec: !!set {{a}}", "spec: a set", id="a set"),
        pytest.param("\0", "web.yaml: cannot be read as YAML: [^\\n]*$", id="binary, on one line"),
        pytest.param("apiVersion: v1\nkind: Pod\nmetadata: {name: 5}", "metadata.name must be text", id="name"),
        pytest.param(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: [x]}",
            "metadata.namespace must be text",
            id="namespace",
        ),
        pytest.param(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: [x]}",
            "labels must be a mapping, not a list",
            id="labels",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text, says):
    with pytest.raises(ManifestInvalid, match=says):
        objects(text)


def test_aliases_that_would_fill_the_memory_are_refused():
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 20)]
    with pytest.raises(ManifestInvalid, match=r"web.yaml: its aliases \(\*\) make it larger than 16 MiB"):
        objects("\n".join(lines))


def test_an_alias_stands_for_what_it_names():
    assert objects(POD + "data: {a: &x {k: v}, b: *x}")[0]["data"] == {"a": {"k": "v"}, "b": {"k": "v"}}


def test_a_folder_is_read_in_order_of_name_and_only_its_manifests(tmp_path):
    (tmp_path / "2.yaml").write_text(POD.replace("web", "second"))
    (tmp_path / "1.json").write_text('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"first"}}')
    (tmp_path / "notes.txt").write_text("not a manifest")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "3.yml").write_text(POD.replace("web", "third"))
    assert [manifest.name for manifest in read([str(tmp_path)])] == ["first", "second"]
    assert {manifest.name for manifest in read([str(tmp_path)], recursive=True)} == {"first", "second", "third"}


def test_standard_input_is_a_dash(monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO(POD.encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    (manifest,) = read(["-"])
    assert (manifest.kind, manifest.name, manifest.namespace) == ("Pod", "web", "shop")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        pytest.param("none.yaml", None, "does not exist", id="no such file"),
        pytest.param("empty.yaml", b"", "no objects found", id="an empty file"),
        pytest.param("latin.yaml", b"\xff\xfe", "not UTF-8", id="not text"),
    ],
)
def test_an_unreadable_file_is_named(tmp_path, name, content, says):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ManifestInvalid, match=says):
        read([str(tmp_path / name)])


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_never_crashes(text):
    try:
        objects(text)
    except ManifestInvalid:
        pass


def test_numbers_as_keys_are_text():
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {80: http, true: 'on'}\n"
    assert objects(text)[0]["data"] == {"80": "http", "true": "on"}


def test_an_empty_path_is_not_this_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(POD)
    with pytest.raises(ManifestInvalid, match="the path is empty"):
        read([""])


def test_a_link_that_leads_nowhere_is_called_one(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(ManifestInvalid, match="loop' leads nowhere"):
        read([str(tmp_path / "loop")])
