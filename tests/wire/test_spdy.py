import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.wire import spdy
from pyk8s.wire.spdy import (
    Data,
    Decoder,
    Encoder,
    GoAway,
    MoreHeaders,
    Ping,
    Reset,
    Settings,
    SpdyBroken,
    SynReply,
    SynStream,
    WindowUpdate,
)
from pyk8s.wire.spdy_dictionary import DICTIONARY

FRAMES = [
    SynStream(1, {"streamtype": "error", "port": "80", "requestid": "0"}),
    SynStream(3, {}, fin=True, unidirectional=True),
    SynReply(1),
    SynReply(3, {"a": "b"}, fin=True),
    Data(1, b""),
    Data(1, b"hello"),
    Data(2**31 - 1, b"x" * 70_000, fin=True),
    Reset(5, spdy.REFUSED_STREAM),
    Settings({4: 100, 7: 65536}),
    Ping(9),
    GoAway(7, 2),
    MoreHeaders(1, {"x": "y"}, fin=True),
    WindowUpdate(1, 65536),
]


def test_the_dictionary_is_the_one_every_peer_names():
    assert (len(DICTIONARY), zlib.adler32(DICTIONARY)) == (1423, 0xE3C6A7C2)


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: type(frame).__name__)
def test_a_frame_survives_the_wire(frame):
    assert list(Decoder().feed(Encoder().encode(frame))) == [frame]


@given(st.lists(st.sampled_from(FRAMES[:6] + FRAMES[7:]), max_size=8), st.lists(st.integers(1, 40), min_size=1))
def test_frames_arrive_however_the_bytes_are_cut(frames, cuts):
    encoder, decoder = Encoder(), Decoder()
    stream = b"".join(encoder.encode(frame) for frame in frames)
    found, at = [], 0
    while at < len(stream):
        length = cuts[at % len(cuts)]
        found += decoder.feed(stream[at : at + length])
        at += length
    assert found == frames


def test_a_frame_as_the_specification_draws_it():
    assert Encoder().encode(Ping(1)) == bytes.fromhex("80030006 00000004 00000001")
    assert Encoder().encode(Data(1, b"ab", fin=True)) == bytes.fromhex("00000001 01000002") + b"ab"
    assert Encoder().encode(Reset(3, 1)) == bytes.fromhex("80030003 00000008 00000003 00000001")


def test_names_of_headers_are_read_in_small_letters():
    (frame,) = Decoder().feed(Encoder().encode(SynStream(1, {"StreamType": "data"})))
    assert frame.headers == {"streamtype": "data"}


def test_a_kind_nobody_needs_is_passed_over():
    noop = bytes.fromhex("80030005 00000000")
    assert list(Decoder().feed(noop + Encoder().encode(Ping(1)))) == [Ping(1)]


def headers_frame(block):
    return bytes.fromhex("80030001") + (10 + len(block)).to_bytes(4, "big") + bytes(10) + block


def compressed(raw):
    packer = zlib.compressobj(zdict=DICTIONARY)
    return packer.compress(raw) + packer.flush(zlib.Z_SYNC_FLUSH)


BROKEN = [
    pytest.param(bytes.fromhex("80020006 00000004 00000001"), id="SPDY/2"),
    pytest.param(bytes.fromhex("80030006 00000002 0000"), id="too short"),
    pytest.param(bytes.fromhex("00000001 00ffffff"), id="frame too long"),
    pytest.param(headers_frame(b"nonsense"), id="no compression"),
    pytest.param(headers_frame(compressed(b"\x00\x00\x00\x01\x00\x00\xff\xff")), id="header longer than its block"),
    pytest.param(headers_frame(compressed(b"\x00" * 200_000)), id="headers that blow up"),
    pytest.param(headers_frame(compressed(b"\x00\x00\x00\x01\x00\x00\x00\x01\xff\x00\x00\x00\x00")), id="no UTF-8"),
]


@pytest.mark.parametrize("raw", BROKEN)
def test_what_is_no_spdy_breaks_the_connection(raw):
    with pytest.raises(SpdyBroken):
        list(Decoder().feed(raw))
