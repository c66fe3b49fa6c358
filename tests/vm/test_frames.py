"""The channel's frames: any cut of a stream gives the same frames."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vm.frames import EXIT, LARGEST, OUTPUT, READY, BadFrame, Reader, pack

FRAMES = st.lists(st.tuples(st.integers(READY, EXIT), st.integers(0, 2**32 - 1), st.binary(max_size=40)), max_size=6)


@given(FRAMES, st.lists(st.integers(0, 400), max_size=8))
def test_what_is_packed_is_read_wherever_the_stream_is_cut(frames, cuts):
    stream = b"".join(pack(*frame) for frame in frames)
    edges = sorted({0, *(cut for cut in cuts if cut < len(stream)), len(stream)})
    reader, read = Reader(), []
    for start, end in itertools.pairwise(edges):
        read += reader.feed(stream[start:end])
    assert read == frames


def test_nothing_comes_of_half_a_frame():
    reader, frame = Reader(), pack(OUTPUT, 7, b"hello")
    assert reader.feed(frame[:-1]) == []
    assert reader.feed(frame[-1:]) == [(OUTPUT, 7, b"hello")]


@pytest.mark.parametrize("stream", [b"GET / HTTP/1.1\r\n", pack(OUTPUT, 1)[:5] + b"\xff\xff\xff\xff"])
def test_what_is_no_frame_is_refused_at_once(stream):
    with pytest.raises(BadFrame, match="not a frame"):
        Reader().feed(stream)


def test_a_frame_has_a_largest_size():
    assert len(pack(OUTPUT, 1, b"x" * LARGEST)) == LARGEST + 9
    with pytest.raises(BadFrame, match="too large"):
        pack(OUTPUT, 1, b"x" * (LARGEST + 1))
