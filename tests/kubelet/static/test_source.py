"""Static pods from a folder, and their mirrors in an API in memory."""

import asyncio
import contextlib

import orjson
import yaml

from pyk8s.aio.inotify import FileEvents
from pyk8s.api.errors import ApiError
from pyk8s.api.refs import NAMESPACES, PODS
from pyk8s.client.fake import FakeClient
from pyk8s.kubelet.spec import pod_of
from pyk8s.kubelet.static.source import LARGEST_MANIFEST, StaticPods

SECONDS = 10


class Pods:
    """What the kubelet is told."""

    def __init__(self, changed):
        self.running, self._changed = {}, changed

    def update(self, pod):
        self.running[pod.metadata.uid] = pod.metadata.name
        self._changed.set()

    def lose(self, uid):
        del self.running[uid]
        self._changed.set()


class Status:
    """Whom the API knows static pods as."""

    def __init__(self, changed):
        self.aliases, self._changed = {}, changed

    def alias(self, uid, mirror):
        self.aliases[uid] = mirror
        self._changed.set()


class Case:
    def __init__(self, folder):
        self.changed = asyncio.Event()
        self.folder, self.client = folder, FakeClient()
        self.pods, self.status = Pods(self.changed), Status(self.changed)
        self.files = FileEvents()
        self.mirrors = {}
        self.static = StaticPods(
            folder, "n", self.files, self.pods, self.client, self.status, lambda: list(self.mirrors.values())
        )

    def write(self, name, file="", **metadata):
        spec = {"containers": [{"name": "c", "image": "x"}]}
        made = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **metadata}, "spec": spec}
        (self.folder / (file or f"{name}.yaml")).write_text(yaml.safe_dump(made))

    @property
    def names(self):
        return sorted(self.pods.running.values())

    @contextlib.asynccontextmanager
    async def at_work(self):
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}
        await self.client.create(NAMESPACES, orjson.dumps(space))
        work = [self.files.run(), self.static.follow(), self.static.mirror(), self._informer(), self._folders()]
        tasks = [asyncio.create_task(each) for each in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _informer(self):
        """What an informer would do: remember the mirrors, tell of changes."""
        while True:
            before = dict(self.mirrors)
            listing = await self.client.list(PODS)
            found = [pod_of(orjson.loads(body)) for body in listing.items]
            self.mirrors = {pod.metadata.uid: pod for pod in found}
            if before != self.mirrors:
                self.static.note_mirror()
            self.changed.set()
            await self.client.api.next_change()

    async def _folders(self):
        """Tells when the folder itself is made."""
        with self.files.watch(self.folder.parent) as changed:
            while True:
                await changed.wait()
                changed.clear()
                self.changed.set()

    async def until(self, condition):
        """Look again whenever something has changed, until `condition` holds."""
        async with asyncio.timeout(SECONDS):
            while not await condition():
                await self.changed.wait()
                self.changed.clear()

    async def is_made(self):
        return self.folder.is_dir()

    async def is_known(self):
        return bool(self.status.aliases)

    async def mirror(self, name="a-n"):
        with contextlib.suppress(ApiError):
            return orjson.loads(await self.client.get(PODS.of(name, "default")))
        return None


def test_a_folder_is_read(tmp_path):
    case = Case(tmp_path)
    case.write("a")
    case.write("b", "b.json")
    case.write("c", "c.txt")
    case.write("d", ".d.yaml")
    case.static.load()
    assert case.names == ["a-n", "b-n"]


def test_what_has_not_changed_is_not_told_again(tmp_path):
    case = Case(tmp_path)
    case.write("a")
    case.static.load()
    case.pods.running.clear()
    case.static.load()
    assert case.names == []


def test_a_changed_file_is_another_pod(tmp_path):
    case = Case(tmp_path)
    case.write("a")
    case.static.load()
    (first,) = case.pods.running
    case.write("a", labels={"v": "2"})
    case.static.load()
    assert list(case.pods.running) != [first]
    assert case.names == ["a-n"]


def test_what_cannot_be_read_is_left_out(tmp_path):
    case = Case(tmp_path)
    case.write("a")
    (tmp_path / "broken.yaml").write_text("{ not: [yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe")
    (tmp_path / "large.yaml").write_bytes(b"#" * (LARGEST_MANIFEST + 1))
    (tmp_path / "folder.yaml").mkdir()
    case.static.load()
    assert case.names == ["a-n"]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    case = Case(tmp_path / "none")
    case.static.load()
    assert case.names == []


async def test_files_are_followed_and_mirrored(tmp_path):
    case = Case(tmp_path / "made")
    async with case.at_work():
        await case.until(case.is_made)
        case.write("a")
        await case.until(case.mirror)
        found = await case.mirror()
        await case.until(case.is_known)
        assert case.status.aliases == {
            found["metadata"]["annotations"]["kubernetes.io/config.mirror"]: found["metadata"]["uid"]
        }
        (tmp_path / "made" / "a.yaml").unlink()

        async def gone():
            return await case.mirror() is None

        await case.until(gone)
        assert case.names == []


async def test_a_mirror_that_is_deleted_comes_back(tmp_path):
    case = Case(tmp_path)
    case.write("a")
    async with case.at_work():
        await case.until(case.mirror)
        first = (await case.mirror())["metadata"]["uid"]
        await case.client.delete(PODS.of("a-n", "default"), grace_seconds=0)

        async def another():
            found = await case.mirror()
            return found is not None and found["metadata"]["uid"] != first

        await case.until(another)
        assert case.names == ["a-n"]


async def test_mirrors_of_a_former_run_stand_for_the_same_pods(tmp_path):
    case = Case(tmp_path)
    case.write("a")
    async with case.at_work():
        await case.until(case.mirror)
        again = Case(tmp_path)
        again.mirrors = {pod.metadata.uid: pod for pod in [pod_of(await case.mirror())]}
        again.static.load()
        again.static.adopt()
        assert again.status.aliases == {uid: next(iter(again.mirrors)) for uid in again.pods.running}
