"""Which tests run in a machine, as pytest's arguments."""

from __future__ import annotations

KERNEL_TESTS = ("-m", "kernel", "tests/kernel", "tests/contracts", "tests/network", "tests/cni", "tests/proxy")
"""All tests that need a kernel and neither containers nor a cluster."""


def flow_tests(mode: str) -> tuple[str, ...]:
    """The table of packets through one proxy mode."""
    return ("-m", "kernel", "-k", mode, "tests/proxy/test_flows_kernel.py")
