import stat

import pytest
import yaml

from pyk8s.wire.errors import KubeconfigInvalid
from pyk8s.wire.files import MAX_BYTES
from pyk8s.wire.kubeconfig import Connection, load, merge, remove, write

ADMIN = Connection(
    server="https://127.0.0.1:6443",
    grpc_address="127.0.0.1:6444",
    ca=b"ca",
    cert=b"cert",
    key=b"key",
    namespace="shop",
    cluster="demo",
    user="admin",
)


def test_what_was_written_is_loaded(tmp_path):
    write(tmp_path / "config", ADMIN, name="demo")
    loaded = load(tmp_path / "config")
    assert (loaded.server, loaded.grpc_address, loaded.ca, loaded.cert, loaded.key, loaded.namespace) == (
        "https://127.0.0.1:6443",
        "127.0.0.1:6444",
        b"ca",
        b"cert",
        b"key",
        "shop",
    )
    assert loaded.context == "demo"
    assert stat.S_IMODE((tmp_path / "config").stat().st_mode) == 0o600


def test_a_token_travels_without_a_certificate(tmp_path):
    write(tmp_path / "config", Connection(server="https://h", token="t"), name="x")
    assert load(tmp_path / "config").token == "t"
    assert load(tmp_path / "config").cert == b""


def test_files_named_in_it_are_read_relative_to_it(tmp_path):
    (tmp_path / "ca.pem").write_bytes(b"CA")
    (tmp_path / "token").write_text("abc\n")
    config = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": {"server": "https://h", "certificate-authority": "ca.pem"}}],
        "users": [{"name": "u", "user": {"tokenFile": "token"}}],
    }
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    loaded = load(tmp_path / "config")
    assert (loaded.ca, loaded.token, loaded.grpc_address, loaded.namespace) == (b"CA", "abc", "", "default")


def test_merging_keeps_other_contexts_and_replaces_ones_own(tmp_path):
    path = tmp_path / "config"
    write(path, Connection(server="https://old", cluster="old", user="old"), name="old")
    merge(path, ADMIN, name="demo")
    merge(path, Connection(server="https://new", cluster="demo", user="admin"), name="demo")
    assert load(path, "old").server == "https://old"
    assert load(path).server == "https://new"
    assert len(yaml.safe_load(path.read_text())["contexts"]) == 2


def test_removing_a_context_leaves_what_another_uses(tmp_path):
    path = tmp_path / "config"
    merge(path, ADMIN, name="one")
    merge(path, ADMIN, name="two")
    remove(path, "one")
    assert load(path, "two").server == ADMIN.server
    remove(path, "two")
    left = yaml.safe_load(path.read_text())
    assert (left["contexts"], left["clusters"], left["users"], left["current-context"]) == ([], [], [], "")


BAD = [
    pytest.param(None, "cannot read", id="no file"),
    pytest.param("a: [", "no YAML", id="broken YAML"),
    pytest.param("a: [\nb: 'c", "no YAML: line [0-9]+, column [0-9]+: [^\\n]*$", id="broken YAML, on one line"),
    pytest.param("- a", "not a mapping", id="a list"),
    pytest.param("", "is empty", id="nothing"),
    pytest.param("[" * 5000, "nested too deeply|no YAML", id="too deep"),
    pytest.param("contexts: {c: d}", "contexts is not a list of mappings", id="a mapping for a list"),
    pytest.param("contexts: [c]", "contexts is not a list of mappings", id="a list of texts"),
    pytest.param(
        "contexts: [{name: c, context: d}]", "contexts 'c': context is not a mapping", id="a text for a context"
    ),
    pytest.param("{}", "current-context", id="no context chosen"),
    pytest.param("current-context: x", "contexts has no 'x'", id="context missing"),
    pytest.param(
        "{current-context: c, contexts: [{name: c, context: {cluster: k}}], clusters: [{name: k, cluster: {}}]}",
        "has no server",
        id="no server",
    ),
    pytest.param(
        "{current-context: c, contexts: [{name: c, context: {cluster: k}}],"
        " clusters: [{name: k, cluster: {server: s, certificate-authority-data: '*'}}]}",
        "certificate-authority-data is not base64",
        id="bad base64",
    ),
    pytest.param(
        "{current-context: c, contexts: [{name: c, context: {cluster: k}}],"
        " clusters: [{name: k, cluster: {server: s, certificate-authority: nowhere.pem}}]}",
        "cannot read certificate-authority .*/nowhere.pem: No such file or directory$",
        id="a file that is not there",
    ),
]


@pytest.mark.parametrize(("text", "says"), BAD)
def test_a_bad_file_is_refused_with_the_field(tmp_path, text, says):
    if text is not None:
        (tmp_path / "config").write_text(text)
    with pytest.raises(KubeconfigInvalid, match=says):
        load(tmp_path / "config")


def test_a_folder_is_refused_in_plain_words(tmp_path):
    with pytest.raises(KubeconfigInvalid, match=f"^cannot read the kubeconfig {tmp_path}: Is a directory$"):
        load(tmp_path)


def test_of_several_files_the_first_to_name_a_thing_wins(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    write(first, Connection(server="https://one", cluster="k", user="u", token="t1"), name="a")
    write(second, Connection(server="https://two", cluster="k", user="w", token="t2"), name="b")
    assert load([first, second]).context == "a"
    both = load([first, second], "b")
    assert (both.server, both.token) == ("https://one", "t2")
    assert load([second, first], "a").server == "https://two"


def test_the_current_context_is_the_first_that_is_said(tmp_path):
    chosen, rest = tmp_path / "chosen", tmp_path / "rest"
    chosen.write_text("current-context: b\n")
    merge(rest, ADMIN, name="a")
    merge(rest, ADMIN, name="b", current=False)
    assert load(rest).context == "a"
    assert load([chosen, rest]).context == "b"


def test_files_are_read_beside_the_one_that_names_them(tmp_path):
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ca.pem").write_text(name)
    cluster = {"name": "k", "cluster": {"server": "https://h", "certificate-authority": "ca.pem"}}
    (tmp_path / "x" / "config").write_text("contexts: [{name: c, context: {cluster: k}}]\ncurrent-context: c\n")
    (tmp_path / "y" / "config").write_text(yaml.safe_dump({"clusters": [cluster]}))
    assert load([tmp_path / "x" / "config", tmp_path / "y" / "config"]).ca == b"y"


def test_files_that_are_not_there_are_passed_over_unless_none_is(tmp_path):
    write(tmp_path / "there", ADMIN, name="demo")
    assert load([tmp_path / "nowhere", tmp_path / "there"]).server == ADMIN.server
    with pytest.raises(KubeconfigInvalid, match="nowhere: No such file or directory"):
        load([tmp_path / "nowhere", tmp_path / "neither"])
    (tmp_path / "bad").write_text("a: [")
    with pytest.raises(KubeconfigInvalid, match="bad is no YAML"):
        load([tmp_path / "there", tmp_path / "bad"])


def test_a_file_that_is_too_large_is_named_once(tmp_path):
    (tmp_path / "config").write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(KubeconfigInvalid, match="larger than 4 MiB") as caught:
        load(tmp_path / "config")
    assert str(caught.value).count(str(tmp_path)) == 1
