"""Which tests run in a machine, as pytest's arguments."""

from __future__ import annotations

KERNEL_TESTS = (
    "-m",
    "kernel",
    "tests/kernel",
    "tests/contracts",
    "tests/proxy",
    "tests/network/ways",
    "tests/cni/test_vlans.py",
)
"""What wants IPVS, nftables, connection tracking, netem, VLANs, VXLAN and control groups of version 2 from a kernel.

The others (CNI beside Debian's plugins, the agent) ask nothing that any kernel lacks, and start so many Pythons that
they would take half an hour in here; `scripts/vm test -m kernel tests/cni` runs them all the same.
"""

LIST = "kernel-tests.txt"
"""The files that hold them, listed when the tree is packed: a machine collects these alone, slow as it is."""

TIMED = (
    "tests/proxy/test_run.py::test_an_endpoint_that_is_ready_is_in_the_kernel_at_once",
    "tests/proxy/nftables/test_killed_kernel.py",
)
"""They judge the time that something takes, down to tenths of a second, which says nothing of an emulated processor."""

ELSEWHERE = (
    *(
        f"tests/proxy/iptables/test_flows_kernel.py::test_every_packet_of_the_table[{backend}-{family}-{protocol}]"
        for backend in ("nft", "legacy")
        for family in (4, 6)
        for protocol in ("tcp", "udp")
    ),
    "tests/proxy/iptables/test_ruleset_kernel.py",
)
"""They take minutes here, and ask for what every kernel has: they run on the machine itself. SCTP is left for here."""

LISTED = ("-m", "kernel", f"@{LIST}", *(word for test in (*TIMED, *ELSEWHERE) for word in ("--deselect", test)))
"""The tests of a run without arguments: the same, by that list, without those that belong elsewhere."""


def flow_tests(mode: str) -> tuple[str, ...]:
    """The table of packets through one proxy mode."""
    return ("-m", "kernel", f"tests/proxy/{mode}/test_flows_kernel.py")


def files_of(collected: str) -> list[str]:
    """The files that `pytest --collect-only -q` found tests in, or could not collect: those fail where they run."""
    found = {line.split("::", 1)[0] for line in collected.splitlines() if "::" in line and not line.startswith("ERROR")}
    broken = {line.split()[1].split("::", 1)[0] for line in collected.splitlines() if line.startswith("ERROR tests/")}
    return sorted(found | broken)
