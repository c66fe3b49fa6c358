"""Progress: a line a step when piped, one changing line on a terminal."""

import io

import pytest

from pyk8s.cli.progress import Progress


class Terminal(io.StringIO):
    """An output that says it is a terminal."""

    def isatty(self):
        return True


class Gone(io.StringIO):
    """A pipe whose reader has gone, or a disk that is full."""

    def __init__(self, why, terminal):
        super().__init__()
        self.why, self.isatty = why, lambda: terminal

    def write(self, text):
        raise self.why


def test_piped_every_step_is_a_line_and_the_same_is_said_once():
    out = io.StringIO()
    with Progress(out) as progress:
        for sentence in ("one", "one", "two"):
            progress.say(sentence)
    assert out.getvalue() == "one\ntwo\n"


def test_on_a_terminal_one_line_changes_and_what_is_done_stays():
    out = Terminal()
    with Progress(out) as progress:
        progress.say("one")
        progress.say("two", done=True)
        progress.say("three")
    assert out.getvalue() == "\r\x1b[Kone\r\x1b[Ktwo\n\r\x1b[Kthree\n"


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("why", [BrokenPipeError(), OSError(28, "No space left on device")])
def test_a_reader_that_has_gone_breaks_off_no_work(why, terminal):
    done = []
    with Progress(Gone(why, terminal)) as progress:
        progress.say("one")
        done.append("the work")
    assert done == ["the work"]
