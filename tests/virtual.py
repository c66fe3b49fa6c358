"""Tests in virtual time: `@virtual_time` runs an async test on a loop whose clock jumps."""

import functools

from pyk8s.aio.clock import run_virtual


def virtual_time(test):
    """Run the async test function in virtual time; fixtures must be synchronous."""

    @functools.wraps(test)
    def run(*args, **kwargs):
        return run_virtual(lambda: test(*args, **kwargs))

    del run.__wrapped__
    run.__signature__ = __import__("inspect").signature(test)
    return run
