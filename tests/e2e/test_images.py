"""Images on a running cluster: built or loaded once, there on every node, also on one that comes later."""

import io
import json
import tarfile

import pytest

from pyk8s.cluster.folder import Folder
from pyk8s.cluster.images import archive, delivery, manifest
from pyk8s.cluster.images.store import Store
from tests.cluster.images.rig import digest
from tests.e2e.cluster import Cluster, pod

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

DOCKERFILE = """FROM pyk8s.local/busybox
COPY greeting /greeting
RUN cat /greeting /greeting > /twice
ENV WHO=world
WORKDIR /srv
USER 7
CMD ["/bin/sh", "-c", "cat /twice; echo $WHO; pwd; id -u; exec sleep 3600"]
"""


@pytest.fixture(scope="module")
def cluster():
    made = Cluster(nodes=2)
    try:
        yield made.up()
    finally:
        made.down()


def build(cluster, folder, name):
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "greeting").write_text("hello\n")
    cluster.run("image", "build", str(folder), "-t", name)


def on(node, name, image, **more):
    """A pod of what the image says, on one node."""
    made = pod(name, "", image=image, nodeSelector={"kubernetes.io/hostname": node}, **more)
    made["spec"]["containers"][0].pop("command")
    made["spec"]["containers"][0]["imagePullPolicy"] = "Never"
    return made


def test_an_image_built_here_runs_as_it_says_on_every_node(cluster, tmp_path):
    build(cluster, tmp_path, "greet:1")
    cluster.apply(*(on(f"node-{number}", f"greet-{number}", "greet:1") for number in (1, 2)))
    for number in (1, 2):
        cluster.wait("condition=Ready", f"pod/greet-{number}")
        assert cluster.logs(f"greet-{number}") == "hello\nhello\nworld\n/srv\n7\n"


def test_a_node_that_comes_later_has_the_images_too(cluster, tmp_path):
    build(cluster, tmp_path, "late:1")
    cluster.run("node", "add", "later", "--cluster", cluster.name)
    cluster.apply(on("later", "late", "late:1"))
    cluster.wait("condition=Ready", "pod/late")
    cluster.run("node", "remove", "later", "--cluster", cluster.name)


def test_an_archive_from_standard_input_is_loaded(cluster):
    cluster.run("image", "load", "-", input=packed({"greeting": b"hello"}, "docker.io/library/piped:1"))
    assert "piped:1" in cluster.run("image", "list", "-o", "name").split()
    cluster.run("image", "remove", "piped:1")
    assert "piped:1" not in cluster.run("image", "list", "-o", "name").split()


def test_an_image_that_is_not_there_is_told_and_comes_to_life_when_it_is_loaded(cluster, tmp_path):
    cluster.apply(on("node-1", "patient", "patient:1"))
    cluster.wait("jsonpath={.status.containerStatuses[0].state.waiting.reason}=ErrImageNeverPull", "pod/patient")
    build(cluster, tmp_path, "patient:1")
    cluster.wait("condition=Ready", "pod/patient", seconds=120)


def test_an_image_in_use_can_be_removed_and_what_runs_goes_on(cluster, tmp_path):
    build(cluster, tmp_path, "used:1")
    cluster.apply(on("node-1", "used", "used:1"))
    cluster.wait("condition=Ready", "pod/used")
    cluster.run("image", "remove", "used:1")
    assert cluster.exec("used", "cat", "/greeting") == "hello\n"


async def test_an_image_for_three_nodes_is_stored_once(cluster):
    cluster.run("node", "add", "third", "--cluster", cluster.name)
    folder, store = Folder(cluster.home, cluster.name), Store(cluster.home / "images")
    nodes = [folder.node(name) for name in ("node-1", "node-2", "third")]
    content = packed({"random": bytes(range(256)) * (64 << 12)}, "docker.io/library/large:1")
    images = archive.load(store, io.BytesIO(content))
    for node in nodes:
        await delivery.deliver(node, store, images)
    blobs = [blob.hex for image in images for blob in image.blobs]
    assert blobs
    for node in nodes:
        assert all((node.blobs / name).samefile(store.blobs / name) for name in blobs)
    cluster.run("image", "remove", "large:1")
    cluster.run("node", "remove", "third", "--cluster", cluster.name)


def packed(files, name):
    """A Docker archive of one layer."""

    def tar(content):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as made:
            for path, data in content.items():
                info = tarfile.TarInfo(path)
                info.size = len(data)
                made.addfile(info, io.BytesIO(data))
        return out.getvalue()

    layer = tar(files)
    rootfs = {"type": "layers", "diff_ids": [digest(layer)]}
    config = json.dumps(
        {"architecture": manifest.architecture(), "os": "linux", "config": {}, "rootfs": rootfs}
    ).encode()
    told = json.dumps([{"Config": "c.json", "RepoTags": [name], "Layers": ["layer.tar"]}]).encode()
    return tar({"c.json": config, "layer.tar": layer, "manifest.json": told})
