"""How large a value may be."""

from __future__ import annotations

from pyk8s.storage.interface import MAX_VALUE_BYTES, ValueTooLarge


def require_size(key: str, value: bytes) -> None:
    """Raise ValueTooLarge when `value` is over MAX_VALUE_BYTES."""
    if len(value) > MAX_VALUE_BYTES:
        raise ValueTooLarge(
            f"{key} would take {len(value):,} bytes; the store takes at most {MAX_VALUE_BYTES:,} a key: "
            "make the object smaller or split it"
        )
