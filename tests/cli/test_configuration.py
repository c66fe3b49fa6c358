import pytest

from pyk8s.api.configuration import ConfigInvalid
from pyk8s.cli.configuration import settings_in

NEEDED = {"name": "say how it is called"}


def test_the_settings_are_what_the_file_says(tmp_path):
    (tmp_path / "a.yaml").write_text("name: x\nmore: [1]\n")
    assert settings_in(tmp_path / "a.yaml", NEEDED) == {"name": "x", "more": [1]}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"a: [", "a.yaml: while parsing", id="no YAML"),
        pytest.param(b"\xff\xfe\xff", "a.yaml: ", id="no text"),
        pytest.param(b"- a", "a.yaml: is not a mapping of settings", id="a list"),
        pytest.param(b"", "a.yaml: is not a mapping of settings", id="nothing"),
        pytest.param(b"more: 1", "a.yaml: name: say how it is called", id="a key lacks"),
        pytest.param(b"name: ''", "a.yaml: name: say how it is called", id="a key is empty"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(tmp_path, content, says):
    (tmp_path / "a.yaml").write_bytes(content)
    with pytest.raises(ConfigInvalid) as caught:
        settings_in(tmp_path / "a.yaml", NEEDED)
    assert says in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigInvalid, match=r"none\.yaml"):
        settings_in(tmp_path / "none.yaml")
