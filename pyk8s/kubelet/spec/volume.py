"""Volumes as the API describes them. Source: core/v1 Volume and its sources."""

from __future__ import annotations

from msgspec import field

from pyk8s.kubelet.spec.container import ObjectField, Quantity, ResourceField, Value


class KeyToPath(Value, frozen=True):
    """One key as one file below the volume; `mode` are its permission bits."""

    key: str
    path: str
    mode: int | None = None


class EmptyDir(Value, frozen=True):
    """A folder that lives as long as the pod; `medium` Memory makes it a tmpfs."""

    medium: str = ""
    size_limit: Quantity | None = None


class HostPath(Value, frozen=True):
    """A path of the node; `type` says what must be there or be made."""

    path: str
    type: str = ""


class ConfigMap(Value, frozen=True):
    """The keys of a config map as files."""

    name: str = ""
    items: list[KeyToPath] = field(default_factory=list)
    default_mode: int | None = None
    optional: bool = False


class Secret(Value, frozen=True):
    """The keys of a secret as files, in memory."""

    secret_name: str = ""
    items: list[KeyToPath] = field(default_factory=list)
    default_mode: int | None = None
    optional: bool = False


class DownwardFile(Value, frozen=True):
    """A field of the pod, or of a container's resources, as one file."""

    path: str
    field_ref: ObjectField | None = None
    resource_field_ref: ResourceField | None = None
    mode: int | None = None


class DownwardApi(Value, frozen=True):
    """Facts about the pod as files."""

    items: list[DownwardFile] = field(default_factory=list)
    default_mode: int | None = None


class ProjectedSecret(Value, frozen=True):
    """A secret inside a projected volume."""

    name: str = ""
    items: list[KeyToPath] = field(default_factory=list)
    optional: bool = False


class TokenSource(Value, frozen=True):
    """A token of the pod's service account, refreshed before it expires."""

    path: str
    audience: str = ""
    expiration_seconds: int = 3600


class Projection(Value, frozen=True):
    """One source of a projected volume; exactly one is set."""

    secret: ProjectedSecret | None = None
    config_map: ConfigMap | None = None
    downward_api: DownwardApi | None = field(default=None, name="downwardAPI")
    service_account_token: TokenSource | None = None


class Projected(Value, frozen=True):
    """Several sources in one folder."""

    sources: list[Projection] = field(default_factory=list)
    default_mode: int | None = None


class Volume(Value, frozen=True):
    """A volume of a pod; a source that none of these is cannot be mounted yet."""

    name: str
    empty_dir: EmptyDir | None = None
    host_path: HostPath | None = None
    config_map: ConfigMap | None = None
    secret: Secret | None = None
    downward_api: DownwardApi | None = field(default=None, name="downwardAPI")
    projected: Projected | None = None
