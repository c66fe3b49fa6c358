import pytest

from pyk8s.api.configuration import ConfigInvalid
from pyk8s.scheduler.config import Config


def test_what_is_not_said_is_as_usual():
    assert Config.read({}) == Config(name="default-scheduler", first_backoff=1.0, longest_backoff=10.0)


def test_one_of_several_processes_schedules_when_that_is_said():
    assert not Config.read({}).leader_election
    config = Config.read({"leaderElection": True, "leaseName": "mine"})
    assert (config.leader_election, config.lease) == (True, "mine")


def test_what_is_said():
    config = Config.read({"schedulerName": "mine", "podInitialBackoffSeconds": 2, "podMaxBackoffSeconds": 0.5})
    assert (config.name, config.first_backoff, config.longest_backoff) == ("mine", 2.0, 0.5)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schedulerName", ""),
        ("schedulerName", 7),
        ("podInitialBackoffSeconds", 0),
        ("podInitialBackoffSeconds", True),
        ("podMaxBackoffSeconds", "10"),
        ("podMaxBackoffSeconds", 4000),
        ("leaderElection", "yes"),
        ("leaseName", ""),
    ],
)
def test_a_wrong_setting_is_named(key, value):
    with pytest.raises(ConfigInvalid, match=key):
        Config.read({key: value})
