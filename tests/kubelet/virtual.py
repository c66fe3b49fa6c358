"""Virtual time for code that hands work to threads: here it is done at once, in the loop's own thread."""

import asyncio
import concurrent.futures
import functools

from tests.virtual import virtual_time as plain_virtual_time


class Inline(concurrent.futures.ThreadPoolExecutor):
    """Does the work when it is given."""

    def submit(self, work, /, *args, **kwargs):
        future = concurrent.futures.Future()
        try:
            future.set_result(work(*args, **kwargs))
        except BaseException as why:
            future.set_exception(why)
        return future


def virtual_time(test):
    """Run the async test function in virtual time, threads included."""

    @plain_virtual_time
    @functools.wraps(test)
    async def run(*args, **kwargs):
        asyncio.get_running_loop().set_default_executor(Inline())
        await test(*args, **kwargs)

    return run
