"""`pyk8s logs` on an API in memory and containers that say what the test wants."""

from typing import ClassVar

import pytest

from pyk8s.cli.verbs import logs as verb
from pyk8s.client.caller import ONESELF
from pyk8s.client.fake import FakeClient
from pyk8s.client.streams import Container

SAID = {"web-1": [b"one\ntw", b"o\n", b"thr", b"ee"], "web-2": [b"four\n"], "db-0": []}


class Said:
    """What containers wrote, in pieces that need not end where a line ends; `asked` is what was wanted of them."""

    asked: ClassVar = []

    def __init__(self, channel, caller):
        pass

    async def logs(self, place: Container, options):
        self.asked.append((place, options))
        for piece in SAID[place.pod]:
            yield piece


@pytest.fixture
def shop(shop, monkeypatch):
    monkeypatch.setattr(verb, "Streams", Said)
    monkeypatch.setattr(FakeClient, "channel", None, raising=False)
    monkeypatch.setattr(FakeClient, "caller", ONESELF, raising=False)
    monkeypatch.setattr(Said, "asked", [])
    return shop


def test_what_a_container_wrote_is_shown_as_it_is(shop):
    assert shop.said(verb.logs, "web-1") == "one\ntwo\nthree"


def test_each_line_says_where_it_comes_from(shop):
    said = shop.said(verb.logs, "-l", "app=web", "--prefix")
    one = "[pod/web-1/main] "
    assert said == f"{one}one\n{one}two\n{one}three[pod/web-2/main] four\n"


def test_a_time_is_sent_as_it_was_given(shop):
    shop.said(verb.logs, "web-1", "--since-time=2026-01-01T00:00:00Z")
    ((_, options),) = Said.asked
    assert options.since_time == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(["web-1", "--since-time=never"], '--since-time "never" is no time', id="no time"),
        pytest.param(["web-1", "--since-time=2026-01-01T00:00:00"], "names no zone", id="a time without a zone"),
        pytest.param(["web-1", "--since=1m", "--since-time=x"], "only one of", id="both"),
        pytest.param(["web-1", "-l", "app=web"], "name a pod", id="a name and labels"),
        pytest.param([], "name a pod", id="nothing"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_asked(shop, words, says):
    result = shop.run(verb.logs, *words)
    assert result.exit_code == 2
    assert says in result.output
    assert Said.asked == []
