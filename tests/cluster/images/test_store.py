"""The image store: names, blobs, and what remains when one goes."""

import io

import pytest

from pyk8s.cluster.errors import ImageInvalid
from pyk8s.cluster.images import manifest as m
from pyk8s.cluster.images import store as stores
from pyk8s.cluster.images.store import Store
from tests.cluster.images.rig import small


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "images")


def blobs(store):
    return {path.name for path in store.blobs.iterdir()}


def test_an_empty_store_has_no_images_and_makes_no_folder(store):
    assert store.images() == []
    assert store.find("docker.io/library/x:1") is None
    assert not store.path.exists()


def test_an_image_is_found_by_its_full_name(store):
    made = small(store)
    assert store.find(made.name) == made
    assert [image.name for image in store.images()] == [made.name]
    assert made.size == sum(blob.size for blob in made.blobs)
    assert made.id == made.manifest.config.digest


def test_what_refers_to_others_is_known_last(store):
    made = small(store)
    assert made.blobs[-1] == made.target
    assert made.blobs[-2] == made.manifest.config


def test_removing_one_of_two_keeps_what_the_other_needs(store):
    one, two = small(store, content=b"one"), small(store, "docker.io/library/two:1", content=b"two")
    same = small(store, "docker.io/library/same:1", content=b"one")
    assert one.target.digest == same.target.digest
    store.remove(one.name)
    assert blobs(store) == {blob.hex for blob in (*two.blobs, *same.blobs)}
    store.remove(same.name)
    assert blobs(store) == {blob.hex for blob in two.blobs}
    with pytest.raises(ImageInvalid, match="there is no image"):
        store.remove(same.name)


def test_a_name_can_come_to_stand_for_another_image(store):
    small(store, content=b"old")
    new = small(store, content=b"new")
    assert [image.target.digest for image in store.images()] == [new.target.digest]


def test_a_manifest_without_its_blobs_gets_no_name(store):
    made = small(store)
    (store.blobs / made.manifest.layers[0].hex).unlink()
    with pytest.raises(ImageInvalid, match="lacks the blob"):
        store.name("docker.io/library/other:1", made.target)
    assert store.find("docker.io/library/other:1") is None


def test_a_blob_is_kept_once_and_cannot_be_written_to(store):
    one = store.add(b"content", "text/plain")
    two = store.add_file(io.BytesIO(b"content"), "text/plain")
    assert one == two
    assert (store.blobs / one.hex).stat().st_mode & 0o777 == 0o444


def test_a_missing_manifest_is_told_with_what_to_do(store):
    made = small(store)
    (store.blobs / made.target.hex).unlink()
    with pytest.raises(ImageInvalid, match="load or build the image again"):
        store.images()


def test_staging_leaves_nothing_behind_even_when_it_fails(store):
    with pytest.raises(ImageInvalid, match="too large"), store.staging() as folder:
        stores.stage(io.BytesIO(b"x" * 100), folder, limit=50)
    assert [path.name for path in store.path.iterdir() if path.name.startswith("staging")] == []


@pytest.mark.parametrize("digest", ["md5:12", "sha256:zz", "sha256:" + "a" * 63, "../../etc/passwd", ""])
def test_a_digest_that_is_none_never_becomes_a_path(digest):
    with pytest.raises(ImageInvalid, match="is not sha256"):
        _ = m.Descriptor(digest=digest, size=1).hex
