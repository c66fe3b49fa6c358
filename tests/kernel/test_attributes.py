from hypothesis import given
from hypothesis import strategies as some

from pyk8s.kernel.attributes import (
    HEADER,
    address,
    attribute,
    attributes,
    be16,
    be32,
    big,
    message,
    nested,
    number,
    packed,
    string,
    text,
    u8,
    u16,
    u32,
)


@given(some.lists(some.tuples(some.integers(1, 0x3FFF), some.binary(max_size=40))))
def test_attributes_are_read_as_they_were_written(held):
    assert list(attributes(b"".join(attribute(kind, payload) for kind, payload in held))) == held


@given(some.binary(max_size=60))
def test_bytes_that_are_no_attributes_do_no_harm(noise):
    assert sum(len(payload) + 4 for _, payload in attributes(noise)) <= len(noise)


def test_numbers_in_either_order():
    assert number(dict(attributes(u16(1, 0x1234)))[1]) == number(dict(attributes(u32(1, 0x1234)))[1]) == 0x1234
    assert big(dict(attributes(be16(1, 0x1234)))[1]) == big(dict(attributes(be32(1, 0x1234)))[1]) == 0x1234
    assert be16(1, 0x1234)[4:6] == b"\x12\x34"
    assert number(dict(attributes(u8(1, 7)))[1]) == 7


def test_what_is_not_there_is_nothing():
    assert (number(None), big(None), string(None)) == (0, 0, "")


def test_a_nested_attribute_bears_the_flag_and_is_read_without_it():
    written = nested(3, text(1, "IPVS"))
    assert written[3] & 0x80 or written[2] & 0x80
    ((kind, inner),) = attributes(written)
    assert (kind, string(dict(attributes(inner))[1])) == (3, "IPVS")


def test_a_message_begins_with_its_length_and_ends_on_four_bytes():
    made = message(16, 5, 9, b"abcde")
    assert HEADER.unpack_from(made) == (21, 16, 5, 9, 0)
    assert len(made) == 24


def test_addresses_of_both_families():
    assert [address(packed(each)) for each in ("10.96.0.1", "fd00::1")] == ["10.96.0.1", "fd00::1"]
