"""Objects from files."""

import asyncio
import json

import pytest
import yaml

from pyk8s.aio.inotify import FileEvents
from pyk8s.proxy.folder import Folder
from tests.proxy.services import at, service_body, slice_body


class Reading:
    """A folder that is followed; `seen` are (kind, old name, new name), in order."""

    def __init__(self, path):
        self.path, self.seen, self.news = path, [], asyncio.Event()
        self.events = FileEvents()
        notes = {kind: self.noting(kind) for kind in ("Service", "EndpointSlice", "Node")}
        self.folder = Folder(path, notes, self.events)

    def noting(self, kind):
        def note(old, new):
            self.seen.append((kind, old and old.metadata.name, new and new.metadata.name))
            self.news.set()

        return note

    async def __aenter__(self):
        self.tasks = [asyncio.create_task(self.events.run()), asyncio.create_task(self.folder.follow())]
        async with asyncio.timeout(20):
            await self.folder.read.wait()
        return self

    async def __aexit__(self, *_):
        for task in reversed(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def more(self):
        """What was told since this was asked last."""
        async with asyncio.timeout(20):
            await self.news.wait()
        self.news.clear()
        told, self.seen = self.seen, []
        return told


def test_documents_lists_and_other_kinds(tmp_path):
    (tmp_path / "all.yaml").write_text(
        yaml.safe_dump_all(
            [service_body("a"), {"kind": "Pod", "metadata": {"name": "x"}}, slice_body("a", at("10.1.1.1"))]
        )
    )
    (tmp_path / "list.json").write_text(json.dumps({"kind": "List", "items": [service_body("b", "10.96.0.21")]}))
    (tmp_path / "notes.txt").write_text("not an object")

    async def main():
        async with Reading(tmp_path) as reading:
            return reading.seen

    told = asyncio.run(main())
    assert told == [("Service", None, "a"), ("EndpointSlice", None, "a-1"), ("Service", None, "b")]


async def test_what_changes_is_told_and_only_that(tmp_path):
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(service_body("a")))
    (tmp_path / "b.yaml").write_text(yaml.safe_dump(service_body("b", "10.96.0.21")))
    async with Reading(tmp_path) as reading:
        await reading.more()
        made = tmp_path / ".new"
        made.write_text(yaml.safe_dump(service_body("a", port=81)))
        made.rename(tmp_path / "a.yaml")
        assert await reading.more() == [("Service", "a", "a")]
        (tmp_path / "b.yaml").unlink()
        assert await reading.more() == [("Service", "b", None)]


async def test_a_broken_file_keeps_what_it_said(tmp_path):
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(service_body("a")))
    async with Reading(tmp_path) as reading:
        await reading.more()
        (tmp_path / "a.yaml").write_text("{")
        (tmp_path / "c.yaml").write_text(yaml.safe_dump(service_body("c", "10.96.0.22")))
        assert await reading.more() == [("Service", None, "c")]


async def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    events = FileEvents()
    with pytest.raises(OSError, match="nowhere"):
        await Folder(tmp_path / "nowhere", {}, events).follow()
