"""Pods as the API describes them. Source: core/v1 Pod, PodSpec, PodSecurityContext; metav1 ObjectMeta."""

from __future__ import annotations

from msgspec import field

from pyk8s.kubelet.spec.container import Container, Profile, Resources, Value
from pyk8s.kubelet.spec.volume import Volume

MIRROR = "kubernetes.io/config.mirror"
"""Annotation of the API's copy of a static pod; its value is the static pod's hash."""
CONFIG_HASH = "kubernetes.io/config.hash"
CONFIG_SOURCE = "kubernetes.io/config.source"
CONFIG_SEEN = "kubernetes.io/config.seen"


class Metadata(Value, frozen=True):
    """What names a pod."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    creation_timestamp: str = ""
    deletion_timestamp: str = ""
    deletion_grace_period_seconds: int | None = None


class Sysctl(Value, frozen=True):
    """A kernel setting of the pod's own namespaces."""

    name: str
    value: str = ""


class PodSecurityContext(Value, frozen=True):
    """What holds for every container unless it says otherwise."""

    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    supplemental_groups: list[int] = field(default_factory=list)
    supplemental_groups_policy: str = "Merge"
    fs_group: int | None = None
    seccomp_profile: Profile | None = None
    app_armor_profile: Profile | None = None
    sysctls: list[Sysctl] = field(default_factory=list)


class HostAlias(Value, frozen=True):
    """One more line of /etc/hosts."""

    ip: str
    hostnames: list[str] = field(default_factory=list)


class DnsOption(Value, frozen=True):
    """`name` or `name:value` in resolv.conf."""

    name: str = ""
    value: str | None = None


class DnsConfig(Value, frozen=True):
    """What is added to, or with dnsPolicy None is, the resolver's configuration."""

    nameservers: list[str] = field(default_factory=list)
    searches: list[str] = field(default_factory=list)
    options: list[DnsOption] = field(default_factory=list)


class LocalRef(Value, frozen=True):
    """An object of the pod's namespace."""

    name: str = ""


class ReadinessGate(Value, frozen=True):
    """A condition that somebody else sets and that must be true before the pod is ready."""

    condition_type: str


class PodSpec(Value, frozen=True):
    """What a pod is to be."""

    containers: list[Container] = field(default_factory=list)
    init_containers: list[Container] = field(default_factory=list)
    volumes: list[Volume] = field(default_factory=list)
    node_name: str = ""
    restart_policy: str = "Always"
    termination_grace_period_seconds: int = 30
    active_deadline_seconds: int | None = None
    dns_policy: str = "ClusterFirst"
    dns_config: DnsConfig = field(default_factory=DnsConfig)
    service_account_name: str = ""
    enable_service_links: bool = True
    host_network: bool = False
    host_pid: bool = field(default=False, name="hostPID")
    host_ipc: bool = field(default=False, name="hostIPC")
    share_process_namespace: bool = False
    security_context: PodSecurityContext = field(default_factory=PodSecurityContext)
    image_pull_secrets: list[LocalRef] = field(default_factory=list)
    hostname: str = ""
    subdomain: str = ""
    set_hostname_as_fqdn: bool = field(default=False, name="setHostnameAsFQDN")
    host_aliases: list[HostAlias] = field(default_factory=list)
    readiness_gates: list[ReadinessGate] = field(default_factory=list)
    runtime_class_name: str = ""
    resources: Resources = field(default_factory=Resources)
    """Of the pod as a whole. Source: KEP-2837."""

    @property
    def all_containers(self) -> tuple[Container, ...]:
        """Containers and init containers."""
        return (*self.containers, *self.init_containers)


class Condition(Value, frozen=True):
    """A condition as the API last had it."""

    type: str
    status: str = "Unknown"
    reason: str = ""
    message: str = ""
    last_transition_time: str = ""


class PodStatus(Value, frozen=True):
    """The status the API last had."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    start_time: str = ""
    conditions: list[Condition] = field(default_factory=list)


class Pod(Value, frozen=True):
    """A pod of this node."""

    metadata: Metadata = field(default_factory=Metadata)
    spec: PodSpec = field(default_factory=PodSpec)
    status: PodStatus = field(default_factory=PodStatus)

    @property
    def key(self) -> str:
        """namespace/name."""
        return f"{self.metadata.namespace}/{self.metadata.name}"

    @property
    def is_mirror(self) -> bool:
        """Whether it is the API's copy of a pod that comes from a file."""
        return MIRROR in self.metadata.annotations

    @property
    def is_terminating(self) -> bool:
        """Whether somebody asked for its deletion."""
        return bool(self.metadata.deletion_timestamp)

    @property
    def grace_seconds(self) -> int:
        """How long its containers may take to stop."""
        asked = self.metadata.deletion_grace_period_seconds
        return self.spec.termination_grace_period_seconds if asked is None else asked

    def container(self, name: str) -> Container | None:
        """The container or init container of that name."""
        for one in self.spec.all_containers:
            if one.name == name:
                return one
        return None
