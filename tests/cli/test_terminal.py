"""This terminal, joined to a program elsewhere: what is typed, and the end before everything has been read."""

import subprocess
import sys


def test_more_input_than_is_taken_is_no_traceback():
    script = (
        "import asyncio\nfrom pyk8s.cli.terminal import standard_input\n"
        "async def main():\n    print(len(await anext(standard_input())), flush=True)\n"
        "    await asyncio.wait({asyncio.ensure_future(asyncio.to_thread(lambda: None))})\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], input=b"x" * 5_000_000, capture_output=True, timeout=60)
    assert (int(done.stdout) > 0, done.stderr.decode()) == (True, "")


def test_an_input_that_cannot_be_read_is_at_its_end(tmp_path):
    script = (
        "import asyncio\nfrom pyk8s.cli.terminal import standard_input\n"
        "async def main():\n    print([each async for each in standard_input()])\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        f"{sys.executable} -c '{script}' 0> {tmp_path / 'x'}", shell=True, capture_output=True, timeout=60
    )
    assert (done.stdout, done.stderr) == (b"[]\n", b"")
