"""JSON patch. Source: RFC 6902 (operations) and RFC 6901 (pointers)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from pyk8s.api.patch.errors import PatchFailed, PatchInvalid
from pyk8s.api.patch.values import same

Change: TypeAlias = Callable[[Any, str], Any]
"""(container, last token) -> the changed container."""

MOST_OPERATIONS: Final = 10_000
_MISSING: Final = object()
_END: Final = "-"


def json_patch(document: Any, operations: Any) -> Any:
    """`document` after all operations, in order; it stays as it was when one fails.

    Raises PatchInvalid when an operation is malformed, PatchFailed when one does not apply.
    """
    if not isinstance(operations, list):
        raise PatchInvalid("a JSON patch is a list of operations")
    if len(operations) > MOST_OPERATIONS:
        raise PatchInvalid(f"the patch has {len(operations)} operations; at most {MOST_OPERATIONS} are taken")
    for number, operation in enumerate(operations):
        if not isinstance(operation, dict):
            raise PatchInvalid(f"operation {number} is no object")
        document = _operate(document, operation, number)
    return document


def _operate(document: Any, operation: dict[str, Any], number: int) -> Any:
    name = operation.get("op")
    path = _pointer(operation, "path", number)
    match name:
        case "add":
            return _change(document, path, _adder(_value(operation, number)))
        case "remove":
            return _change(document, path, _remove)
        case "replace":
            return _change(document, path, _replacer(_value(operation, number)))
        case "move":
            source = _pointer(operation, "from", number)
            if source == path[: len(source)] and source != path:
                raise PatchInvalid(f"operation {number} moves {operation['from']} into itself")
            moved = _at(document, source)
            return _change(_change(document, source, _remove), path, _adder(moved))
        case "copy":
            return _change(document, path, _adder(_at(document, _pointer(operation, "from", number))))
        case "test":
            found = _find(document, path)
            wanted = _value(operation, number)
            if not (same(found, wanted) or (found is _MISSING and wanted is None)):
                raise PatchFailed(f"testing value {operation['path']} failed")
            return document
        case _:
            raise PatchInvalid(f"operation {number} has an unknown op: {name!r}")


def _value(operation: dict[str, Any], number: int) -> Any:
    if "value" not in operation:
        raise PatchInvalid(f"operation {number} ({operation.get('op')}) lacks a value")
    return operation["value"]


def _pointer(operation: dict[str, Any], field: str, number: int) -> list[str]:
    text = operation.get(field)
    if not isinstance(text, str):
        raise PatchInvalid(f"operation {number} ({operation.get('op')}) lacks its {field}")
    if text and not text.startswith("/"):
        raise PatchInvalid(f"operation {number}: the {field} {text!r} does not start with /")
    return [token.replace("~1", "/").replace("~0", "~") for token in text.split("/")[1:]]


def _at(document: Any, path: Sequence[str]) -> Any:
    found = _find(document, path)
    if found is _MISSING:
        raise PatchFailed(f"there is no {_written(path)}")
    return found


def _find(document: Any, path: Sequence[str]) -> Any:
    for token in path:
        if isinstance(document, dict) and token in document:
            document = document[token]
        elif isinstance(document, list) and (index := _index(token, len(document))) is not None:
            document = document[index]
        else:
            return _MISSING
    return document


def _change(document: Any, path: Sequence[str], change: Change) -> Any:
    if not path:
        return change({"": document}, "").get("")
    return _descend(document, path, 0, change)


def _descend(value: Any, path: Sequence[str], depth: int, change: Change) -> Any:
    token = path[depth]
    try:
        if depth == len(path) - 1:
            return change(value, token)
        if isinstance(value, dict) and token in value:
            return {**value, token: _descend(value[token], path, depth + 1, change)}
        if isinstance(value, list) and (index := _index(token, len(value))) is not None:
            return [*value[:index], _descend(value[index], path, depth + 1, change), *value[index + 1 :]]
    except LookupError:
        pass
    raise PatchFailed(f"there is no {_written(path[: depth + 1])}")


def _adder(new: Any) -> Change:
    def add(container: Any, token: str) -> Any:
        if isinstance(container, dict):
            return {**container, token: new}
        if isinstance(container, list):
            index = len(container) if token == _END else _index(token, len(container) + 1)
            if index is not None:
                return [*container[:index], new, *container[index:]]
        raise LookupError(token)

    return add


def _replacer(new: Any) -> Change:
    def replace(container: Any, token: str) -> Any:
        if isinstance(container, dict) and token in container:
            return {**container, token: new}
        if isinstance(container, list) and (index := _index(token, len(container))) is not None:
            return [*container[:index], new, *container[index + 1 :]]
        raise LookupError(token)

    return replace


def _remove(container: Any, token: str) -> Any:
    if isinstance(container, dict) and token in container:
        return {key: value for key, value in container.items() if key != token}
    if isinstance(container, list) and (index := _index(token, len(container))) is not None:
        return [*container[:index], *container[index + 1 :]]
    raise LookupError(token)


def _index(token: str, length: int) -> int | None:
    if not (token.isascii() and token.isdigit()) or (len(token) > 1 and token[0] == "0") or len(token) > 9:
        return None
    index = int(token)
    return index if index < length else None


def _written(path: Sequence[str]) -> str:
    return "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in path)
