"""One inotify instance for all who wait for files."""

import asyncio
import contextlib

import pytest

from pyk8s.aio.inotify import FileEvents


@contextlib.asynccontextmanager
async def listening():
    files = FileEvents()
    task = asyncio.create_task(files.run())
    yield files
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def told(event):
    async with asyncio.timeout(30):
        await event.wait()
    event.clear()


async def test_every_kind_of_change_is_told(tmp_path):
    async with listening() as files:
        with files.watch(tmp_path) as changed:
            (tmp_path / "a").write_text("1")
            await told(changed)
            (tmp_path / "a").rename(tmp_path / "b")
            await told(changed)
            (tmp_path / "b").unlink()
            await told(changed)


async def test_only_those_who_watch_the_folder_are_told(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    async with listening() as files:
        with files.watch(tmp_path / "one") as one, files.watch(tmp_path / "two") as two:
            (tmp_path / "one" / "a").touch()
            await told(one)
            assert not two.is_set()


async def test_several_may_watch_one_folder(tmp_path):
    async with listening() as files:
        with files.watch(tmp_path) as first:
            with files.watch(tmp_path) as second:
                (tmp_path / "a").touch()
                await told(first)
                await told(second)
            (tmp_path / "b").touch()
            await told(first)


async def test_a_folder_can_be_watched_again(tmp_path):
    async with listening() as files:
        for name in "ab":
            with files.watch(tmp_path) as changed:
                (tmp_path / name).touch()
                await told(changed)


async def test_a_folder_that_goes_is_told_and_let_go_of(tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    async with listening() as files:
        with files.watch(folder) as changed:
            folder.rmdir()
            await told(changed)


async def test_a_folder_that_is_not_there_cannot_be_watched(tmp_path):
    async with listening() as files:
        with pytest.raises(OSError, match="No such file"), files.watch(tmp_path / "none"):
            pass
