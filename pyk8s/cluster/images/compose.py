"""An image put together from entries: one new layer on a base or on nothing, a configuration, a manifest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pyk8s.cluster.errors import ImageInvalid
from pyk8s.cluster.images import layer
from pyk8s.cluster.images import manifest as m
from pyk8s.cluster.images.store import Image, Store


@dataclass(slots=True)
class Config:
    """What an image says about running it. Lists and maps are whole; None leaves the base's."""

    env: dict[str, str] = field(default_factory=dict)
    cmd: list[str] | None = None
    entrypoint: list[str] | None = None
    workdir: str = ""
    user: str = ""
    exposed: list[str] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    volumes: list[str] = field(default_factory=list)
    stop_signal: str = ""

    @classmethod
    def of(cls, image: dict[str, Any]) -> Config:
        """The configuration in a decoded OCI image configuration."""
        inner = image.get("config") or {}
        pairs = (each.partition("=") for each in inner.get("Env") or ())
        return cls(
            env={name: value for name, _, value in pairs},
            cmd=inner.get("Cmd"),
            entrypoint=inner.get("Entrypoint"),
            workdir=inner.get("WorkingDir", ""),
            user=inner.get("User", ""),
            exposed=list(inner.get("ExposedPorts") or ()),
            labels=dict(inner.get("Labels") or {}),
            volumes=list(inner.get("Volumes") or ()),
            stop_signal=inner.get("StopSignal", ""),
        )

    def document(self) -> dict[str, Any]:
        """The `config` field of an OCI image configuration."""
        fields: dict[str, Any] = {
            "Env": [f"{name}={value}" for name, value in self.env.items()],
            "Cmd": self.cmd,
            "Entrypoint": self.entrypoint,
            "WorkingDir": self.workdir,
            "User": self.user,
            "ExposedPorts": {port: {} for port in self.exposed},
            "Labels": self.labels,
            "Volumes": {path: {} for path in self.volumes},
            "StopSignal": self.stop_signal,
        }
        return {name: value for name, value in fields.items() if value}


def base_config(store: Store, image: Image) -> dict[str, Any]:
    """The decoded OCI configuration of `image`."""
    content = store.read(image.manifest.config)
    try:
        found = msgspec.json.decode(content)
    except msgspec.MsgspecError as why:
        raise ImageInvalid(f"the configuration of {image.name} cannot be read: {why}") from why
    if not isinstance(found, dict):
        raise ImageInvalid(f"the configuration of {image.name} is no object")
    return found


def compose(
    store: Store, name: str, layers: Iterable[Iterable[layer.Entry]], config: Config, *, base: Image | None = None
) -> Image:
    """Make the image `name`: the base's layers with one more for each of `layers` that is not empty.

    The same input gives the same digests. Raises ImageInvalid.
    """
    document = base_config(store, base) if base else {}
    diff_ids = list((document.get("rootfs") or {}).get("diff_ids") or ())
    descriptors = list(base.manifest.layers) if base else []
    with store.locked():
        for entries in layers:
            listed = list(entries)
            if not listed:
                continue
            with store.staging() as folder:
                path = folder / "layer"
                with path.open("wb") as out:
                    layer.write(listed, out)
                with path.open("rb") as file:
                    made = store.add_file(file, m.LAYER)
            descriptors.append(made)
            # An uncompressed layer is its own content.
            diff_ids.append(made.digest)
        content = {
            "architecture": document.get("architecture", m.architecture()),
            "os": "linux",
            "config": config.document(),
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        }
        described = store.add(m.encode(content), m.CONFIG)
        manifest = m.Manifest(schema_version=2, media_type=m.MANIFEST, config=described, layers=tuple(descriptors))
        return store.name(name, store.add(m.encode(manifest), m.MANIFEST))
