"""Reading messages: first the bytes into numbered values, then those into JSON by the table.

Source: Protocol Buffers encoding; Kubernetes, "Kubernetes Protobuf encoding" (the envelope `runtime.Unknown`).
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import orjson

from pyk8s.api.errors import bad_request
from pyk8s.apiserver.rest.protobuf.table import Field, fields_of, message_of

MAGIC = b"k8s\x00"
MAX_DEPTH = 64
"""Messages inside messages; a JSONSchema or affinity term nests less."""

Raw: TypeAlias = int | bytes
"""A value as it travels: a number, or bytes."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Malformed(ValueError):
    """The bytes are no such message."""


def json_of(body: bytes) -> bytes:
    """The object in a body of type application/vnd.kubernetes.protobuf, as JSON. Raises ApiError (BadRequest)."""
    try:
        return orjson.dumps(object_of(body))
    except (Malformed, KeyError, IndexError, struct.error, UnicodeDecodeError, OverflowError, TypeError) as error:
        raise bad_request(f"the body is no Kubernetes protobuf: {error}") from error


def object_of(body: bytes) -> dict[str, Any]:
    """The object in an envelope. Raises Malformed for what is none, or is of a kind that has no table."""
    if not body.startswith(MAGIC):
        raise Malformed("it does not begin with the magic number")
    envelope = dict(_values(body[len(MAGIC) :]))
    names = dict(_values(_as_bytes(envelope.get(1, b""))))
    api_version, kind = _text(names.get(1, b"")), _text(names.get(2, b""))
    message = message_of(api_version, kind)
    if message is None:
        raise Malformed(f"{kind} in {api_version} is not known in this form: send JSON")
    made = _message(message, _as_bytes(envelope.get(2, b"")), 0)
    return {"apiVersion": api_version, "kind": kind, **made}


def _values(data: bytes) -> Iterator[tuple[int, Raw]]:
    """(field number, value) in the order in which they stand."""
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        value: Raw
        match wire:
            case 0:
                value, at = _varint(data, at)
            case 1:
                value, at = data[at : at + 8], at + 8
            case 2:
                length, at = _varint(data, at)
                value, at = data[at : at + length], at + length
            case 5:
                value, at = data[at : at + 4], at + 4
            case _:
                raise Malformed(f"wire type {wire} is not used")
        if at > end:
            raise Malformed("it ends in the middle of a field")
        yield number, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
    raise Malformed("a number is too long")


def _message(name: str, data: bytes, depth: int) -> dict[str, Any]:
    if depth > MAX_DEPTH:
        raise Malformed(f"it is nested deeper than {MAX_DEPTH}")
    made: dict[str, Any] = {}
    table = fields_of(name)
    for number, raw in _values(data):
        field = table.get(number)
        if field is None:
            # A field of a later release: as unknown as it would be in JSON.
            continue
        match field.shape:
            case "*":
                made.setdefault(field.name, []).extend(_members(field, raw, depth))
            case "%":
                key, value = _entry(field, raw, depth)
                made.setdefault(field.name, {})[key] = value
            case _:
                _put(made, field, raw, depth)
    return made


def _put(made: dict[str, Any], field: Field, raw: Raw, depth: int) -> None:
    value = _value(field.kind, raw, depth)
    if field.optional and (value is None or value == "" or value == 0 or value == {}):
        return
    if field.name:
        made[field.name] = value
    else:
        made.update(value)


def _members(field: Field, raw: Raw, depth: int) -> list[Any]:
    """One member, or the many numbers of a packed list."""
    if field.kind in ("int", "bool") and isinstance(raw, bytes):
        packed, at = [], 0
        while at < len(raw):
            value, at = _varint(raw, at)
            packed.append(_value(field.kind, value, depth))
        return packed
    return [_value(field.kind, raw, depth)]


def _entry(field: Field, raw: Raw, depth: int) -> tuple[str, Any]:
    entry = dict(_values(_as_bytes(raw)))
    held = entry.get(2, b"")
    if field.kind.startswith("items*"):
        kind = field.kind.removeprefix("items*")
        return _text(entry.get(1, b"")), [_value(kind, one, depth) for _, one in _values(_as_bytes(held))]
    if held == b"" and field.kind in ("int", "bool"):
        held = 0
    return _text(entry.get(1, b"")), _value(field.kind, held, depth + 1)


def _value(kind: str, raw: Raw, depth: int) -> Any:
    match kind:
        case "string":
            return _text(raw)
        case "int":
            return _signed(raw)
        case "bool":
            return bool(raw)
        case "bytes":
            return base64.b64encode(_as_bytes(raw)).decode("ascii")
        case "double":
            return struct.unpack("<d", _as_bytes(raw))[0]
        case "time" | "microtime":
            return _time(_as_bytes(raw), micro=kind == "microtime")
        case "duration":
            return f"{_signed(dict(_values(_as_bytes(raw))).get(1, 0)) / 1e9:g}s"
        case "quantity":
            return _text(dict(_values(_as_bytes(raw))).get(1, b""))
        case "intorstring":
            held = dict(_values(_as_bytes(raw)))
            return _text(held.get(3, b"")) if held.get(1) else _signed(held.get(2, 0))
        case "json":
            inner = _as_bytes(dict(_values(_as_bytes(raw))).get(1, b""))
            return orjson.loads(inner) if inner else None
    return _message(kind, _as_bytes(raw), depth + 1)


def _time(data: bytes, *, micro: bool) -> str | None:
    held = dict(_values(data))
    if not held:
        return None
    moment = EPOCH + timedelta(seconds=_signed(held.get(1, 0)))
    if not micro:
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{_signed(held.get(2, 0)) // 1000:06d}Z"


def _signed(raw: Raw) -> int:
    if not isinstance(raw, int):
        raise Malformed("a number was expected")
    return raw - (1 << 64) if raw >> 63 else raw


def _as_bytes(raw: Raw) -> bytes:
    if not isinstance(raw, bytes):
        raise Malformed("bytes were expected")
    return raw


def _text(raw: Raw) -> str:
    return _as_bytes(raw).decode()
