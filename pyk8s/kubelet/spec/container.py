"""Containers as the API describes them. Source: core/v1 Container, Probe, Lifecycle, SecurityContext, EnvVar."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct, field

Quantity: TypeAlias = str | int | float


class Value(Struct, frozen=True, rename="camel", gc=False):
    """A value without identity of its own."""


class ObjectField(Value, frozen=True):
    """A field of the pod itself, such as `metadata.name`."""

    field_path: str = ""


class ResourceField(Value, frozen=True):
    """A request or limit of a container, as a number of `divisor`s, rounded up."""

    resource: str = ""
    container_name: str = ""
    divisor: Quantity = "0"


class KeyRef(Value, frozen=True):
    """One key of a config map or secret."""

    name: str = ""
    key: str = ""
    optional: bool = False


class EnvSource(Value, frozen=True):
    """Where a variable's value comes from; exactly one is set."""

    field_ref: ObjectField | None = None
    resource_field_ref: ResourceField | None = None
    config_map_key_ref: KeyRef | None = None
    secret_key_ref: KeyRef | None = None


class EnvVar(Value, frozen=True):
    """An environment variable; `value` may refer to earlier ones as $(NAME)."""

    name: str
    value: str = ""
    value_from: EnvSource | None = None


class ObjectRef(Value, frozen=True):
    """A whole config map or secret."""

    name: str = ""
    optional: bool = False


class EnvFrom(Value, frozen=True):
    """Every key of a config map or secret as a variable, `prefix` before each name."""

    prefix: str = ""
    config_map_ref: ObjectRef | None = None
    secret_ref: ObjectRef | None = None


class HttpHeader(Value, frozen=True):
    """A header of a probe's or hook's request."""

    name: str
    value: str = ""


class HttpGet(Value, frozen=True):
    """A GET request; `port` is a number or the name of one of the container's ports; no `host` is the pod's address."""

    port: int | str = 0
    path: str = "/"
    host: str = ""
    scheme: str = "HTTP"
    http_headers: list[HttpHeader] = field(default_factory=list)


class TcpSocket(Value, frozen=True):
    """A connection that only has to be accepted."""

    port: int | str = 0
    host: str = ""


class Exec(Value, frozen=True):
    """A program run inside the container."""

    command: list[str] = field(default_factory=list)


class Grpc(Value, frozen=True):
    """A call of grpc.health.v1.Health/Check."""

    port: int = 0
    service: str = ""


class Sleep(Value, frozen=True):
    """A hook that only waits."""

    seconds: int = 0


class Probe(Value, frozen=True):
    """When and how to ask a container how it is; times in seconds."""

    exec: Exec | None = None
    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    grpc: Grpc | None = None
    initial_delay_seconds: int = 0
    timeout_seconds: int = 1
    period_seconds: int = 10
    success_threshold: int = 1
    failure_threshold: int = 3
    termination_grace_period_seconds: int | None = None


class Hook(Value, frozen=True):
    """What is done right after a container started, or before it is stopped."""

    exec: Exec | None = None
    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    sleep: Sleep | None = None


class Lifecycle(Value, frozen=True):
    """The hooks of a container."""

    post_start: Hook | None = None
    pre_stop: Hook | None = None


class Capabilities(Value, frozen=True):
    """Capabilities beside those the runtime gives by default; names without CAP_, or ALL."""

    add: list[str] = field(default_factory=list)
    drop: list[str] = field(default_factory=list)


class Profile(Value, frozen=True):
    """A seccomp or AppArmor profile: RuntimeDefault, Unconfined, or Localhost with `localhost_profile`."""

    type: str = ""
    localhost_profile: str = ""


class SecurityContext(Value, frozen=True):
    """What a container's processes may do; None leaves it to the pod, the image or the runtime."""

    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    privileged: bool = False
    allow_privilege_escalation: bool | None = None
    read_only_root_filesystem: bool = False
    capabilities: Capabilities | None = None
    seccomp_profile: Profile | None = None
    app_armor_profile: Profile | None = None
    proc_mount: str = "Default"


class Resources(Value, frozen=True):
    """What the scheduler sets aside (`requests`) and what the kernel lets it use at most (`limits`)."""

    requests: dict[str, Quantity] = field(default_factory=dict)
    limits: dict[str, Quantity] = field(default_factory=dict)


class Port(Value, frozen=True):
    """A port the container serves; `host_port` is opened on the node."""

    container_port: int
    name: str = ""
    protocol: str = "TCP"
    host_port: int = 0
    host_ip: str = field(default="", name="hostIP")


class VolumeMount(Value, frozen=True):
    """Where a volume of the pod shows in the container."""

    name: str
    mount_path: str
    read_only: bool = False
    sub_path: str = ""
    sub_path_expr: str = ""
    mount_propagation: str = "None"
    recursive_read_only: str = "Disabled"


class Container(Value, frozen=True):
    """A container of a pod. An init container with `restart_policy` Always is a sidecar."""

    name: str
    image: str = ""
    command: list[str] = field(default_factory=list)
    args: list[str] = field(default_factory=list)
    working_dir: str = ""
    ports: list[Port] = field(default_factory=list)
    env_from: list[EnvFrom] = field(default_factory=list)
    env: list[EnvVar] = field(default_factory=list)
    resources: Resources = field(default_factory=Resources)
    volume_mounts: list[VolumeMount] = field(default_factory=list)
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    termination_message_path: str = "/dev/termination-log"
    termination_message_policy: str = "File"
    image_pull_policy: str = ""
    security_context: SecurityContext = field(default_factory=SecurityContext)
    stdin: bool = False
    stdin_once: bool = False
    tty: bool = False
    restart_policy: str = ""

    @property
    def is_sidecar(self) -> bool:
        """Whether it is an init container that keeps running beside the others. Source: KEP-753."""
        return self.restart_policy == "Always"

    @property
    def pull_policy(self) -> str:
        """Always, IfNotPresent or Never; unsaid, an image tagged latest (or not tagged) is Always pulled."""
        if self.image_pull_policy:
            return self.image_pull_policy
        if "@" in self.image:
            return "IfNotPresent"
        tag = self.image.rsplit("/", 1)[-1].partition(":")[2]
        return "Always" if tag in ("", "latest") else "IfNotPresent"
