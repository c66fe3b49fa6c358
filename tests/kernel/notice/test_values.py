"""Reading the kernel's notices from bytes."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.kernel.notice.values import LinkChanged, LinkGone, NeighbourGone, RouteGone, read


def message(kind, body):
    return struct.pack("=LHHLL", 16 + len(body), kind, 0, 0, 0) + body + b"\0" * (-len(body) % 4)


def link(kind, name, flags=0, family=0):
    held = name.encode() + b"\0"
    attributes = struct.pack("=HHI", 8, 13, 0) + struct.pack("=HH", 4 + len(held), 3) + held
    return message(kind, struct.pack("=BBHiII", family, 0, 1, 5, flags, 0) + attributes)


def route(kind, protocol):
    return message(kind, struct.pack("=BBBBBBBBI", 2, 24, 0, 0, 254, protocol, 0, 1, 0))


def neighbour(kind, index, state):
    return message(kind, struct.pack("=BBHiHBB", 7, 0, 0, index, state, 2, 0))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        pytest.param(b"", [], id="nothing"),
        pytest.param(link(16, "cni0", 0x1), [LinkChanged("cni0", True)], id="a link that is up"),
        pytest.param(link(16, "cni0", 0x2), [LinkChanged("cni0", False)], id="a link that is down"),
        pytest.param(link(17, "cni0"), [LinkGone("cni0")], id="a link that went"),
        pytest.param(link(17, "veth1", family=7), [], id="a port that left its bridge"),
        pytest.param(route(25, 80), [RouteGone(80)], id="a route that went"),
        pytest.param(route(24, 80), [], id="a route that came"),
        pytest.param(neighbour(29, 9, 0x80), [NeighbourGone(9)], id="a neighbour that went"),
        pytest.param(neighbour(28, 9, 0x80), [], id="a neighbour that came"),
        pytest.param(link(17, "a") + route(25, 4), [LinkGone("a"), RouteGone(4)], id="two in one datagram"),
        pytest.param(link(17, "abc") + route(25, 4)[:20], [LinkGone("abc")], id="one that is cut off"),
        pytest.param(struct.pack("=LHHLL", 3, 17, 0, 0, 0), [], id="a length that is none"),
    ],
)
def test_notices_are_read(data, told):
    assert list(read(data)) == told


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading(data):
    list(read(data))


@given(st.binary(max_size=64))
def test_no_body_of_a_link_breaks_the_reading(body):
    list(read(message(16, body)))
