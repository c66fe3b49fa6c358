"""Security contexts: what the API says of a pod and its containers, as the runtime takes it. Pure.

Source: core/v1 SecurityContext, PodSecurityContext; CRI v1 LinuxContainerSecurityContext.
"""

from __future__ import annotations

from pyk8s.gen.cri.v1 import runtime_pb2 as cri
from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.spec import Container, Pod
from pyk8s.kubelet.spec.container import Profile

MASKED = (
    "/proc/asound",
    "/proc/acpi",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
)
"""Paths a container cannot look into."""

READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
"""Paths a container cannot write to."""


def sandbox_security(pod: Pod, root: str) -> cri.LinuxSandboxSecurityContext:
    """What holds for the sandbox; `root` is the kubelet's folder, where local seccomp profiles are."""
    context = pod.spec.security_context
    made = cri.LinuxSandboxSecurityContext(
        namespace_options=namespaces(pod),
        privileged=any(one.security_context.privileged for one in (*pod.spec.containers, *pod.spec.init_containers)),
        supplemental_groups=groups(pod),
        supplemental_groups_policy=_policy(pod),
        seccomp=seccomp(context.seccomp_profile or Profile("RuntimeDefault"), root),
    )
    if context.run_as_user is not None:
        made.run_as_user.value = context.run_as_user
        if context.run_as_group is not None:
            made.run_as_group.value = context.run_as_group
    return made


def namespaces(pod: Pod) -> cri.NamespaceOption:
    """Which namespaces are the node's, the pod's or the container's own."""
    spec = pod.spec
    pid = cri.NODE if spec.host_pid else cri.POD if spec.share_process_namespace else cri.CONTAINER
    return cri.NamespaceOption(
        network=cri.NODE if spec.host_network else cri.POD, ipc=cri.NODE if spec.host_ipc else cri.POD, pid=pid
    )


def groups(pod: Pod) -> list[int]:
    """The groups that every process gets beside its own."""
    context = pod.spec.security_context
    return [*([] if context.fs_group is None else [context.fs_group]), *context.supplemental_groups]


def container_security(pod: Pod, container: Container, root: str) -> cri.LinuxContainerSecurityContext:
    """What holds for one container: its own context over the pod's."""
    context, shared = container.security_context, pod.spec.security_context
    made = cri.LinuxContainerSecurityContext(
        privileged=context.privileged,
        namespace_options=namespaces(pod),
        readonly_rootfs=context.read_only_root_filesystem,
        supplemental_groups=groups(pod),
        supplemental_groups_policy=_policy(pod),
        no_new_privs=context.allow_privilege_escalation is False,
        seccomp=seccomp(context.seccomp_profile or shared.seccomp_profile, root),
        apparmor=_apparmor(context.app_armor_profile or shared.app_armor_profile),
    )
    if context.capabilities is not None:
        made.capabilities.add_capabilities.extend(context.capabilities.add)
        made.capabilities.drop_capabilities.extend(context.capabilities.drop)
    if not context.privileged and context.proc_mount != "Unmasked":
        made.masked_paths.extend(MASKED)
        made.readonly_paths.extend(READ_ONLY)
    user, group = run_as(pod, container)
    if user is not None:
        made.run_as_user.value = user
    if group is not None:
        made.run_as_group.value = group
    return made


def run_as(pod: Pod, container: Container) -> tuple[int | None, int | None]:
    """The user and group a container is told to run as; None leaves it to the image."""
    context, shared = container.security_context, pod.spec.security_context
    user = shared.run_as_user if context.run_as_user is None else context.run_as_user
    group = shared.run_as_group if context.run_as_group is None else context.run_as_group
    return user, group


def check_not_root(pod: Pod, container: Container, image_uid: int | None, image_user: str) -> None:
    """Refuse a container that must not run as root and would, or might.

    `image_uid` and `image_user` are what the image says, None and "" when it says nothing.
    Raises PodError (CreateContainerConfigError).
    """
    context, shared = container.security_context, pod.spec.security_context
    wanted = shared.run_as_non_root if context.run_as_non_root is None else context.run_as_non_root
    if not wanted:
        return
    user, _ = run_as(pod, container)
    where = f"(pod: {pod.key}, container: {container.name})"
    if user is not None:
        if user == 0:
            raise PodError("CreateContainerConfigError", f"container's runAsUser breaks non-root policy {where}")
        return
    if image_user:
        why = f"image has non-numeric user ({image_user}), cannot verify user is non-root"
        raise PodError("CreateContainerConfigError", f"container has runAsNonRoot and {why} {where}")
    if not image_uid:
        why = f"container has runAsNonRoot and image will run as root {where}"
        raise PodError("CreateContainerConfigError", why)


def seccomp(profile: Profile | None, root: str) -> cri.SecurityProfile:
    """A seccomp profile; none said is unconfined."""
    kind = profile.type if profile is not None else "Unconfined"
    if kind == "RuntimeDefault":
        return cri.SecurityProfile(profile_type=cri.SecurityProfile.RuntimeDefault)
    if kind == "Localhost" and profile is not None:
        where = f"{root}/seccomp/{profile.localhost_profile}"
        return cri.SecurityProfile(profile_type=cri.SecurityProfile.Localhost, localhost_ref=where)
    return cri.SecurityProfile(profile_type=cri.SecurityProfile.Unconfined)


def _apparmor(profile: Profile | None) -> cri.SecurityProfile | None:
    if profile is None:
        return None
    if profile.type == "Localhost":
        kind = cri.SecurityProfile.Localhost
        return cri.SecurityProfile(profile_type=kind, localhost_ref=profile.localhost_profile)
    unconfined = profile.type == "Unconfined"
    kind = cri.SecurityProfile.Unconfined if unconfined else cri.SecurityProfile.RuntimeDefault
    return cri.SecurityProfile(profile_type=kind)


def _policy(pod: Pod) -> cri.SupplementalGroupsPolicy:
    strict = pod.spec.security_context.supplemental_groups_policy == "Strict"
    return cri.Strict if strict else cri.Merge
