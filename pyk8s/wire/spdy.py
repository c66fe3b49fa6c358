"""SPDY/3.1 frames, as far as streams into pods need them: values, their bytes, a reader that takes bytes in any cut.

Source: SPDY protocol, draft 3.1, section 2.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pyk8s.wire.spdy_dictionary import DICTIONARY

VERSION = 3
FIN = 0x01
UNIDIRECTIONAL = 0x02
INITIAL_WINDOW = 64 * 1024
"""Bytes that may be under way in one stream before the reader says more."""

MAX_FRAME = 1 << 20
"""Bytes of the longest frame that is taken."""
MAX_HEADERS = 64 * 1024
"""Bytes of headers after decompression."""

PROTOCOL_ERROR, INVALID_STREAM, REFUSED_STREAM, CANCEL, INTERNAL_ERROR, FLOW_CONTROL_ERROR = 1, 2, 3, 5, 6, 7
INITIAL_WINDOW_SETTING = 7

Headers: TypeAlias = Mapping[str, str]


class SpdyBroken(Exception):
    """The peer sent what is no SPDY/3.1; the connection is of no more use."""


@dataclass(frozen=True, slots=True)
class SynStream:
    """The peer opens a stream."""

    stream: int
    headers: Headers
    fin: bool = False
    unidirectional: bool = False


@dataclass(frozen=True, slots=True)
class SynReply:
    """The stream is accepted."""

    stream: int
    headers: Headers = field(default_factory=dict)
    fin: bool = False


@dataclass(frozen=True, slots=True)
class Reset:
    """The stream is over, for a reason."""

    stream: int
    status: int


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings by their number."""

    values: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Ping:
    """To be sent back as it is, by the side that did not begin it."""

    id: int


@dataclass(frozen=True, slots=True)
class GoAway:
    """No more streams on this connection."""

    last: int
    status: int = 0


@dataclass(frozen=True, slots=True)
class MoreHeaders:
    """Headers after the first."""

    stream: int
    headers: Headers
    fin: bool = False


@dataclass(frozen=True, slots=True)
class WindowUpdate:
    """So many bytes more may be sent in the stream."""

    stream: int
    delta: int


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes of a stream; with `fin` its sender writes no more."""

    stream: int
    data: bytes
    fin: bool = False


Frame: TypeAlias = SynStream | SynReply | Reset | Settings | Ping | GoAway | MoreHeaders | WindowUpdate | Data


class Encoder:
    """Turns frames into bytes; headers are compressed over the whole connection."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj(zdict=DICTIONARY)

    def encode(self, frame: Frame) -> bytes:
        """The bytes of one frame."""
        match frame:
            case Data(stream, data, fin):
                return struct.pack(">II", stream, (FIN if fin else 0) << 24 | len(data)) + data
            case SynStream(stream, headers, fin, unidirectional):
                flags = (FIN if fin else 0) | (UNIDIRECTIONAL if unidirectional else 0)
                return _control(1, flags, struct.pack(">IIBB", stream, 0, 0, 0) + self._block(headers))
            case SynReply(stream, headers, fin):
                return _control(2, FIN if fin else 0, struct.pack(">I", stream) + self._block(headers))
            case Reset(stream, status):
                return _control(3, 0, struct.pack(">II", stream, status))
            case Settings(values):
                pairs = b"".join(struct.pack(">II", number, value) for number, value in values.items())
                return _control(4, 0, struct.pack(">I", len(values)) + pairs)
            case Ping(number):
                return _control(6, 0, struct.pack(">I", number))
            case GoAway(last, status):
                return _control(7, 0, struct.pack(">II", last, status))
            case MoreHeaders(stream, headers, fin):
                return _control(8, FIN if fin else 0, struct.pack(">I", stream) + self._block(headers))
            case WindowUpdate(stream, delta):
                return _control(9, 0, struct.pack(">II", stream, delta))

    def _block(self, headers: Headers) -> bytes:
        parts = [struct.pack(">I", len(headers))]
        for name, value in headers.items():
            for text in (name.lower().encode(), value.encode()):
                parts += (struct.pack(">I", len(text)), text)
        return self._compressor.compress(b"".join(parts)) + self._compressor.flush(zlib.Z_SYNC_FLUSH)


class Decoder:
    """Turns bytes into frames, however they are cut."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._decompressor = zlib.decompressobj(zdict=DICTIONARY)

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """The frames that `chunk` completes; kinds nobody needs are passed over. Raises SpdyBroken."""
        waiting = self._waiting
        waiting += chunk
        while len(waiting) >= 8:
            first, second = struct.unpack_from(">II", waiting)
            flags, length = second >> 24, second & 0xFFFFFF
            if length > MAX_FRAME:
                raise SpdyBroken(f"a frame of {length} bytes is over the limit of {MAX_FRAME}")
            if len(waiting) < 8 + length:
                return
            payload = bytes(waiting[8 : 8 + length])
            del waiting[: 8 + length]
            if not first & 0x80000000:
                yield Data(first, payload, bool(flags & FIN))
                continue
            if first >> 16 & 0x7FFF != VERSION:
                raise SpdyBroken(f"version {first >> 16 & 0x7FFF} is not SPDY/3.1")
            frame = self._control(first & 0xFFFF, flags, payload)
            if frame is not None:
                yield frame

    def _control(self, kind: int, flags: int, payload: bytes) -> Frame | None:
        fin = bool(flags & FIN)
        try:
            match kind:
                case 1:
                    headers = self._headers(payload[10:])
                    return SynStream(_number(payload), headers, fin, bool(flags & UNIDIRECTIONAL))
                case 2:
                    return SynReply(_number(payload), self._headers(payload[4:]), fin)
                case 3:
                    return Reset(_number(payload), _number(payload, 4))
                case 4:
                    return Settings(_settings(payload))
                case 6:
                    return Ping(_number(payload))
                case 7:
                    return GoAway(_number(payload), _number(payload, 4))
                case 8:
                    return MoreHeaders(_number(payload), self._headers(payload[4:]), fin)
                case 9:
                    return WindowUpdate(_number(payload) & 0x7FFFFFFF, _number(payload, 4) & 0x7FFFFFFF)
        except (struct.error, zlib.error, UnicodeDecodeError) as error:
            raise SpdyBroken(f"control frame {kind} cannot be read: {error}") from error
        return None

    def _headers(self, block: bytes) -> dict[str, str]:
        raw = self._decompressor.decompress(block, MAX_HEADERS)
        if self._decompressor.unconsumed_tail:
            raise SpdyBroken(f"the headers of a stream are over {MAX_HEADERS} bytes")
        found: dict[str, str] = {}
        at = 4
        for _ in range(_number(raw)):
            name, at = _text(raw, at)
            value, at = _text(raw, at)
            found[name.lower()] = value
        return found


def _control(kind: int, flags: int, payload: bytes) -> bytes:
    return struct.pack(">HHI", 0x8000 | VERSION, kind, flags << 24 | len(payload)) + payload


def _number(payload: bytes, at: int = 0) -> int:
    number: int = struct.unpack_from(">I", payload, at)[0]
    return number


def _text(raw: bytes, at: int) -> tuple[str, int]:
    length = _number(raw, at)
    end = at + 4 + length
    if end > len(raw):
        raise SpdyBroken("a header is longer than its block")
    return raw[at + 4 : end].decode(), end


def _settings(payload: bytes) -> dict[int, int]:
    pairs = (struct.unpack_from(">II", payload, 4 + 8 * one) for one in range(min(_number(payload), 64)))
    return {number & 0xFFFFFF: value for number, value in pairs}
