"""Archives and stores made for tests."""

import gzip
import hashlib
import io
import json
import tarfile

from pyk8s.cluster.images import manifest as m
from pyk8s.cluster.images.compose import Config, compose
from pyk8s.cluster.images.layer import Entry
from pyk8s.cluster.images.store import Store


def tar(files, links=()):
    """A tar archive of {path: bytes} and (path, target) links."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, content in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for path, target in links:
            info = tarfile.TarInfo(path)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return out.getvalue()


def digest(content):
    """sha256: and its hex."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def oci(name="docker.io/library/web:1", layer=None, *, arch=None, platform=True, broken=""):
    """An OCI archive of one image; `broken` leaves out or damages the part of that name."""
    layer = tar({"etc/web": b"hello"}) if layer is None else layer
    config = json.dumps({"architecture": arch or m.architecture(), "os": "linux", "rootfs": {"diff_ids": []}}).encode()
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": m.MANIFEST,
            "config": {"mediaType": m.CONFIG, "digest": digest(config), "size": len(config)},
            "layers": [{"mediaType": m.LAYER, "digest": digest(layer), "size": len(layer)}],
        }
    ).encode()
    inner = {"mediaType": m.MANIFEST, "digest": digest(manifest), "size": len(manifest)}
    if platform:
        inner["platform"] = {"os": "linux", "architecture": arch or m.architecture()}
    index = json.dumps({"schemaVersion": 2, "mediaType": m.INDEX, "manifests": [inner]}).encode()
    annotations = {"io.containerd.image.name": name} if name else {}
    top = {"mediaType": m.INDEX, "digest": digest(index), "size": len(index), "annotations": annotations}
    blobs = {"layer": layer, "config": config, "manifest": manifest, "index": index}
    files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
    for what, content in blobs.items():
        if what != broken:
            files[f"blobs/sha256/{digest(content)[7:]}"] = content
        elif broken == "layer":
            files[f"blobs/sha256/{digest(content)[7:]}"] = content[:-1] + b"X"
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [top]}).encode()
    return tar(files)


def docker(tags=("web:1",), *, compressed=False, linked=False):
    """An archive as `docker save` writes it."""
    layer = tar({"etc/web": b"hello"})
    stored = gzip.compress(layer, mtime=0) if compressed else layer
    config = json.dumps({"architecture": m.architecture(), "os": "linux", "rootfs": {"diff_ids": [digest(layer)]}})
    files = {"abc.json": config.encode(), "one/layer.tar": stored}
    layers, links = ["one/layer.tar"], []
    if linked:
        layers, links = ["two/layer.tar"], [("two/layer.tar", "../one/layer.tar")]
    files["manifest.json"] = json.dumps(
        [{"Config": "abc.json", "RepoTags": list(tags) or None, "Layers": layers}]
    ).encode()
    return tar(files, links)


def small(store: Store, name="docker.io/library/small:1", content=b"hello"):
    """A small image in the store."""
    return compose(store, name, [[Entry("hello", 0o644, content=content)]], Config(cmd=["/hello"]))
