"""libnftables, the library that the program nft is made of, held open in this process to read and to try.

What is written goes another way: see docs/decisions/0040-nftables-messages.md.
Source of the calls: libnftables(3).
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyk8s.kernel.errors import Unsupported

NAME = "libnftables.so.1"

JSON = 1 << 4
"""A flag of the output: as JSON."""


class Library:
    """One context of libnftables: its netlink socket belongs to the namespace of the thread that made it, and it serves
    one caller at a time. Another thread may call it while this one waits: the interpreter's lock is let go of."""

    def __init__(self) -> None:
        self._calls = _load()
        self._context = ctypes.c_void_p(self._calls.nft_ctx_new(0))
        if not self._context:
            raise Unsupported("libnftables could not be opened")
        self._calls.nft_ctx_buffer_output(self._context)
        self._calls.nft_ctx_buffer_error(self._context)

    def run(self, text: bytes, flags: int = 0) -> tuple[bool, bytes]:
        """Carry out the commands of `text` as one transaction: whether that went well, and what was said."""
        self._calls.nft_ctx_output_set_flags(self._context, flags)
        # From a file in memory: of a buffer, the library's errors always show the first line.
        file = os.memfd_create("nftables")
        try:
            with open(file, "wb", closefd=False) as writing:
                writing.write(text)
            failed = self._calls.nft_run_cmd_from_filename(self._context, f"/proc/self/fd/{file}".encode())
        finally:
            os.close(file)
        if failed:
            return False, self._calls.nft_ctx_get_error_buffer(self._context) or b""
        return True, self._calls.nft_ctx_get_output_buffer(self._context) or b""

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Within, nothing is done: the kernel only says what it would refuse."""
        self._calls.nft_ctx_set_dry_run(self._context, True)
        try:
            yield
        finally:
            self._calls.nft_ctx_set_dry_run(self._context, False)

    def close(self) -> None:
        """Let go of the context and its socket."""
        if self._context:
            self._calls.nft_ctx_free(self._context)
            self._context = ctypes.c_void_p(None)


def _load() -> Any:
    try:
        calls = ctypes.CDLL(NAME, use_errno=True)
    except OSError as why:
        raise Unsupported(f"{NAME} cannot be loaded: install the package nftables ({why})") from why
    calls.nft_ctx_new.argtypes, calls.nft_ctx_new.restype = [ctypes.c_uint32], ctypes.c_void_p
    calls.nft_ctx_free.argtypes, calls.nft_ctx_free.restype = [ctypes.c_void_p], None
    calls.nft_run_cmd_from_filename.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    calls.nft_ctx_output_set_flags.argtypes = [ctypes.c_void_p, ctypes.c_uint]
    calls.nft_ctx_output_set_flags.restype = None
    calls.nft_ctx_set_dry_run.argtypes, calls.nft_ctx_set_dry_run.restype = [ctypes.c_void_p, ctypes.c_bool], None
    for name in ("nft_ctx_buffer_output", "nft_ctx_buffer_error"):
        getattr(calls, name).argtypes = [ctypes.c_void_p]
    for name in ("nft_ctx_get_output_buffer", "nft_ctx_get_error_buffer"):
        getattr(calls, name).argtypes = [ctypes.c_void_p]
        getattr(calls, name).restype = ctypes.c_char_p
    return calls
