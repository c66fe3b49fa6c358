"""Where things lie, and how clusters are told apart."""

import tempfile
from pathlib import Path

import pytest

from pyk8s.cluster import folder
from pyk8s.cluster.errors import NoSuchCluster, SettingInvalid
from pyk8s.cluster.folder import DEFAULT_HOME, Folder
from tests.cluster.test_settings import DEMO


@pytest.fixture
def home(monkeypatch):
    with tempfile.TemporaryDirectory(prefix="pk") as made:
        monkeypatch.setenv("PYK8S_HOME", made)
        yield Path(made)


def test_home_is_the_usual_place_unless_said(monkeypatch):
    monkeypatch.delenv("PYK8S_HOME", raising=False)
    assert folder.home() == DEFAULT_HOME


def test_clusters_of_one_name_in_two_homes_share_nothing(tmp_path):
    one, two = Folder(tmp_path / "a", "demo"), Folder(tmp_path / "b", "demo")
    assert one.id != two.id
    assert one.tag != two.tag
    assert Folder(DEFAULT_HOME, "demo").tag == "pyk8s-demo"


def test_sockets_of_a_cluster_fit_into_what_a_path_may_have(home):
    made = Folder(DEFAULT_HOME, "x" * 32)
    made.check_room()
    assert len(str(made.control_socket)) <= folder.LONGEST
    with pytest.raises(SettingInvalid, match="choose shorter names"):
        made.check_room("n" * 32)


def test_a_home_too_deep_for_sockets_is_refused_with_what_to_do(monkeypatch):
    monkeypatch.setenv("PYK8S_HOME", "/" + "d" * 90)
    with pytest.raises(SettingInvalid, match="PYK8S_HOME to a shorter path"):
        folder.of("demo")


def test_a_name_that_is_a_path_is_refused(home):
    with pytest.raises(SettingInvalid):
        folder.of("../../etc")


def test_reading_what_is_not_there_says_what_is(home):
    with pytest.raises(NoSuchCluster, match="there is none: make one"):
        folder.of("demo").read()
    (home / "clusters" / "other").mkdir(parents=True)
    with pytest.raises(NoSuchCluster, match="there are: other"):
        folder.of("demo").read()


def test_every_cluster_is_listed_and_settings_are_read_back(home):
    made = folder.of("demo")
    made.path.mkdir(parents=True)
    made.write(DEMO)
    assert [each.name for each in folder.every()] == ["demo"]
    assert made.read() == DEMO
    assert made.exists()
