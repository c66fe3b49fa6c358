"""Archives of images: what others write, and what somebody might."""

import bz2
import gzip
import io
import json
import lzma

import pytest

from pyk8s.cluster.errors import ImageInvalid
from pyk8s.cluster.images import archive
from pyk8s.cluster.images import manifest as m
from pyk8s.cluster.images.store import Store
from tests.cluster.images.rig import digest, docker, oci, tar

NAME = "docker.io/library/web:1"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "images")


def load(store, content, name=""):
    return archive.load(store, io.BytesIO(content), name)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(oci(), id="OCI"),
        pytest.param(oci(platform=False), id="OCI without a platform"),
        pytest.param(gzip.compress(oci()), id="OCI, gzip"),
        pytest.param(bz2.compress(oci()), id="OCI, bzip2"),
        pytest.param(lzma.compress(oci()), id="OCI, xz"),
        pytest.param(docker(), id="Docker"),
        pytest.param(docker(compressed=True), id="Docker, compressed layers"),
        pytest.param(docker(linked=True), id="Docker, a layer behind a link"),
    ],
)
def test_archives_of_every_form_are_loaded(store, content):
    (image,) = load(store, content)
    assert image.name == NAME
    assert all(store.has(blob) for blob in image.blobs)
    assert [path.name for path in store.path.iterdir() if path.name.startswith("staging")] == []


def test_the_same_archive_twice_changes_nothing(store):
    first, second = load(store, docker()), load(store, docker())
    assert first == second
    assert len(store.images()) == 1


def test_a_compressed_layer_is_called_so(store):
    (image,) = load(store, docker(compressed=True))
    assert image.manifest.layers[0].media_type.endswith("+gzip")


def test_every_tag_becomes_a_name_and_a_given_name_replaces_them(store):
    assert [image.name for image in load(store, docker(("a:1", "b:2")))] == [
        "docker.io/library/a:1",
        "docker.io/library/b:2",
    ]
    assert [image.name for image in load(store, docker(()), "mine")] == ["docker.io/library/mine:latest"]


@pytest.mark.parametrize("content", [docker(()), oci(name=""), oci(name="latest")])
def test_an_image_without_a_name_asks_for_one(store, content):
    with pytest.raises(ImageInvalid, match="--tag NAME:TAG"):
        load(store, content)
    assert store.images() == []


def test_two_images_cannot_have_one_name(store):
    content = {"a.json": b"{}", "b.json": b'{"a":1}'}
    entries = [{"Config": name, "RepoTags": [f"{name[0]}:1"], "Layers": []} for name in content]
    content["manifest.json"] = json.dumps(entries).encode()
    with pytest.raises(ImageInvalid, match="several images"):
        load(store, tar(content), "one")


def test_an_image_for_another_machine_says_for_which(store):
    with pytest.raises(ImageInvalid, match=rf"not for linux/{m.architecture()}; it is for: linux/s390x"):
        load(store, oci(arch="s390x"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "cannot be read|no image", id="nothing"),
        pytest.param(b"no archive at all" * 100, "cannot be read", id="no tar"),
        pytest.param(oci()[:700], "cannot be read", id="cut off"),
        pytest.param(gzip.compress(oci())[:-40], "cannot be read", id="cut off and compressed"),
        pytest.param(tar({"readme": b"hello"}), "neither index.json", id="no image"),
        pytest.param(tar({"index.json": b"[]"}), "no image index", id="a wrong index"),
        pytest.param(tar({"index.json": b'{"manifests": []}'}), "holds no image", id="an empty index"),
        pytest.param(tar({"manifest.json": b"{}"}), "manifest.json", id="a wrong manifest"),
        pytest.param(oci(layer=tar({"etc/other": b"x"}), broken="layer"), "damaged", id="a damaged layer"),
        pytest.param(oci(broken="config"), "does not hold it", id="a missing configuration"),
        pytest.param(oci(broken="manifest"), "does not hold it", id="a missing manifest"),
    ],
)
def test_a_damaged_archive_is_refused_and_the_store_is_as_before(store, content, says):
    load(store, docker(("kept:1",)))
    before = {path.relative_to(store.path): path.read_bytes() for path in store.path.rglob("*") if path.is_file()}
    with pytest.raises(ImageInvalid, match=says):
        load(store, content)
    after = {path.relative_to(store.path): path.read_bytes() for path in store.path.rglob("*") if path.is_file()}
    assert after == before


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/cron.d/x", "blobs/../../x", "a/../../../b", "blobs/sha256/../../../../x"]
)
def test_a_path_that_leads_out_is_never_written(store, tmp_path, path):
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ImageInvalid):
        load(store, tar({path: b"evil"}))
    outside = [each for each in tmp_path.rglob("*") if store.path not in each.parents and each != store.path]
    assert [each for each in outside if each not in before] == []


def test_links_in_a_circle_are_no_endless_loop(store):
    config = tar({"manifest.json": b'[{"Config": "a", "Layers": [], "RepoTags": ["x:1"]}]'}, [("a", "b"), ("b", "a")])
    with pytest.raises(ImageInvalid, match="does not hold it"):
        load(store, config)


def test_indexes_that_point_at_one_another_end(store):
    content = {}
    index = b'{"manifests": []}'
    for _ in range(8):
        content[f"blobs/sha256/{digest(index)[7:]}"] = index
        index = json.dumps(
            {"manifests": [{"mediaType": m.INDEX, "digest": digest(index), "size": len(index)}]}
        ).encode()
    content["index.json"] = index
    with pytest.raises(ImageInvalid):
        load(store, tar(content))
