"""The smallest program that can be a container's first process: it waits, buries orphans, and ends on SIGTERM or
SIGINT.

Made here byte by byte, since a user's machine has no compiler and nothing can be pulled: one read-only segment of under
300 bytes, no libraries, some 4 kB of memory. It is the sandbox image's only file, and what holds a node's namespaces.

It blocks the three signals and takes them one by one (rt_sigtimedwait), so no handler runs: a blocked signal is kept
for
a process even where its default is to be ignored, as it is for a first process. Source: signal(7), pid_namespaces(7),
elf(5).
"""

from __future__ import annotations

import platform
import struct
from collections.abc import Sequence

from pyk8s.cluster.errors import MachineUnfit

BASE = 0x400000
"""Where the segment is mapped."""

HEADERS = 64 + 56
"""Bytes of the ELF header and of one program header."""

SIGNALS = (1 << (2 - 1)) | (1 << (15 - 1)) | (1 << (17 - 1))
"""SIGINT, SIGTERM, SIGCHLD as the kernel's set."""

_X86_64: tuple[str, ...] = (
    "68" + struct.pack("<I", SIGNALS).hex(),  # push SIGNALS
    "b80e000000",  # mov eax, 14 (rt_sigprocmask)
    "31ff",  # xor edi, edi (SIG_BLOCK)
    "4889e6",  # mov rsi, rsp
    "31d2",  # xor edx, edx
    "41ba08000000",  # mov r10d, 8 (bytes of a set)
    "0f05",  # syscall
    "wait:",
    "b880000000",  # mov eax, 128 (rt_sigtimedwait)
    "4889e7",  # mov rdi, rsp
    "31f6",  # xor esi, esi
    "31d2",  # xor edx, edx (no time-out)
    "41ba08000000",  # mov r10d, 8
    "0f05",  # syscall
    "83f811",  # cmp eax, 17 (SIGCHLD)
    "74 reap",  # je
    "83f802",  # cmp eax, 2 (SIGINT)
    "74 end",  # je
    "83f80f",  # cmp eax, 15 (SIGTERM)
    "74 end",  # je
    "eb wait",  # jmp
    "reap:",
    "b83d000000",  # mov eax, 61 (wait4)
    "bfffffffff",  # mov edi, -1
    "31f6",  # xor esi, esi
    "ba01000000",  # mov edx, 1 (WNOHANG)
    "4531d2",  # xor r10d, r10d
    "0f05",  # syscall
    "85c0",  # test eax, eax
    "7f reap",  # jg
    "eb wait",  # jmp
    "end:",
    "b83c000000",  # mov eax, 60 (exit)
    "31ff",  # xor edi, edi
    "0f05",  # syscall
)
"""Instructions in hex; "NAME:" is a place, "OP NAME" a short jump to it."""


def assemble(lines: Sequence[str]) -> bytes:
    """The machine code of `lines`: every jump is its opcode and a signed byte, counted from the jump's end."""
    places, at = {}, 0
    for line in lines:
        if line.endswith(":"):
            places[line[:-1]] = at
        else:
            at += 2 if " " in line else len(line) // 2
    code = b""
    for line in lines:
        if " " in line:
            opcode, place = line.split()
            code += bytes.fromhex(opcode) + struct.pack("<b", places[place] - len(code) - 2)
        elif not line.endswith(":"):
            code += bytes.fromhex(line)
    return code


_CODE = {"x86_64": (62, assemble(_X86_64))}
"""ELF machine number and code, by the kernel's name of the machine."""


def program(machine: str = "") -> bytes:
    """The executable for `machine` (this one unless named). Raises MachineUnfit for one it is not written for."""
    name = machine or platform.machine()
    if name not in _CODE:
        raise MachineUnfit(f"no pause program for {name} machines yet: pyk8s runs on {', '.join(sorted(_CODE))}")
    number, code = _CODE[name]
    size = HEADERS + len(code)
    ident = b"\x7fELF" + bytes((2, 1, 1, 0)) + bytes(8)
    header = ident + struct.pack("<HHIQQQIHHHHHH", 2, number, 1, BASE + HEADERS, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, BASE, BASE, size, size, 0x1000)
    return header + segment + code
