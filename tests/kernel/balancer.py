"""Whether this kernel has IPVS: where it has not, what needs it is left out, and tests.features says so aloud."""

from functools import cache

import pytest

from pyk8s.kernel.errors import KernelError
from pyk8s.kernel.ipvs.run import probe


@cache
def lacking() -> str:
    """Why virtual servers cannot be tested here, "" when they can."""
    try:
        probe()
    except KernelError as why:
        return str(why)
    return ""


needs_ipvs = pytest.mark.skipif(bool(lacking()), reason=f"NOT TESTED HERE: {lacking()}")
"""For tests that need IPVS in the kernel."""
