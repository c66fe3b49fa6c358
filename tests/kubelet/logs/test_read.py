"""Reading and following a log."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyk8s.kubelet.logs.read import CHUNK_BYTES, Part, read_log, tail_offset


def write(path, *texts, second=0):
    """A log of full lines, a second apart."""
    with path.open("ab") as file:
        for number, text in enumerate(texts):
            file.write(f"1970-01-01T00:00:{second + number:02d}Z stdout F {text}\n".encode())


async def read(path, **part):
    return b"".join([chunk async for chunk in read_log(path, Part(**part))]).decode()


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "0.log"
    write(path, "a", "b", "c", "d")
    return path


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ({}, "a\nb\nc\nd\n"),
        ({"tail": 2}, "c\nd\n"),
        ({"tail": 0}, ""),
        ({"tail": 99}, "a\nb\nc\nd\n"),
        ({"since": 2.0}, "c\nd\n"),
        ({"since": 99.0}, ""),
        ({"limit": 3}, "a\nb"),
        ({"limit": 0}, ""),
        ({"tail": 1, "timestamps": True}, "1970-01-01T00:00:03Z d\n"),
    ],
)
async def test_parts_of_a_log(log, part, text):
    assert await read(log, **part) == text


async def test_parts_of_a_line_are_put_together(tmp_path):
    path = tmp_path / "0.log"
    path.write_bytes(b"T stdout P one \nT stdout F line\nT stdout P two\nT stdout F .\n")
    assert await read(path) == "one line\ntwo.\n"
    assert await read(path, tail=1) == "two.\n"
    assert await read(path, timestamps=True) == "T one line\nT two.\n"


async def test_what_is_not_of_the_format_is_left_out(tmp_path):
    path = tmp_path / "0.log"
    path.write_bytes(b"garbage\nT stdout F fine\n")
    assert await read(path) == "fine\n"


async def test_a_line_without_its_end_is_left_for_later(tmp_path):
    path = tmp_path / "0.log"
    path.write_bytes(b"T stdout F one\nT stdout F tw")
    assert await read(path) == "one\n"


async def test_a_long_log_comes_in_pieces(tmp_path):
    path = tmp_path / "0.log"
    write(path, *["x" * 1000] * 50, second=0)
    write(path, *["y" * 1000] * 50, second=0)
    chunks = [chunk async for chunk in read_log(path, Part())]
    assert len(chunks) > 1
    assert max(map(len, chunks)) < CHUNK_BYTES + 2000
    assert len(b"".join(chunks)) == 100 * 1001


async def test_a_log_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        await read(tmp_path / "none")


class Followed:
    """A log that changes by a script of steps; one step each time its reader waits."""

    def __init__(self, *steps):
        self.steps = list(steps)
        self.running = True

    def is_running(self):
        return self.running

    async def changed(self):
        await asyncio.sleep(0)
        if self.steps:
            self.steps.pop(0)()
        else:
            self.running = False


async def follow(path, *steps, **part):
    followed = Followed(*steps)
    chunks = read_log(path, Part(**part), is_running=followed.is_running, changed=followed.changed)
    return b"".join([chunk async for chunk in chunks]).decode()


async def test_what_is_written_is_followed_until_the_container_ends(log):
    assert await follow(log, lambda: write(log, "e"), lambda: write(log, "f")) == "a\nb\nc\nd\ne\nf\n"


async def test_the_last_words_before_the_end_are_read(log):
    followed = Followed()

    async def changed():
        write(log, "last")
        followed.running = False

    chunks = read_log(log, Part(), is_running=followed.is_running, changed=changed)
    assert b"".join([chunk async for chunk in chunks]).endswith(b"last\n")


async def test_a_rotation_is_followed(log):
    def rotate():
        write(log, "e")
        log.rename(log.with_suffix(".old"))
        write(log, "f")

    assert await follow(log, rotate, lambda: write(log, "g"), tail=1) == "d\ne\nf\ng\n"


async def test_a_limit_ends_the_following(log):
    assert await follow(log, lambda: write(log, "e"), limit=10) == "a\nb\nc\nd\ne\n"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.text("xyz", max_size=200)), max_size=30), st.integers(0, 12))
def test_the_tail_is_the_last_full_lines(tmp_path_factory, lines, count):
    path = tmp_path_factory.mktemp("log") / "0.log"
    path.write_bytes(b"".join(f"T stdout {'P' if partial else 'F'} {text}\n".encode() for partial, text in lines))
    full = "".join(text if partial else f"{text}\n" for partial, text in lines).splitlines(keepends=True)
    ended = [line for line in full if line.endswith("\n")]
    rest = [line for line in full if not line.endswith("\n")]
    with path.open("rb") as file:
        file.seek(tail_offset(file, count))
        seen = b"".join(
            raw.rstrip(b"\n").split(b" ", 3)[3] + (b"" if b" P " in raw[:12] else b"\n") for raw in file
        ).decode()
    assert seen == ("".join([*ended[-count:], *rest]) if count else "")
