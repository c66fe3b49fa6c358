"""The configuration of a pod's sandbox. Pure. Source: CRI v1 PodSandboxConfig."""

from __future__ import annotations

from pyk8s.gen.cri.v1 import runtime_pb2 as cri
from pyk8s.kubelet.pod import names
from pyk8s.kubelet.pod.security import sandbox_security
from pyk8s.kubelet.spec import Pod

PROTOCOLS = {"TCP": cri.TCP, "UDP": cri.UDP, "SCTP": cri.SCTP}


def sandbox_config(
    pod: Pod, *, attempt: int, root: str, logs: str, hostname: str, dns: cri.DNSConfig, cgroup: str
) -> cri.PodSandboxConfig:
    """What the runtime needs to make the sandbox number `attempt` of `pod`.

    `root` is the kubelet's folder, `logs` that of all pods' logs, `cgroup` the path of the pod's control group.
    """
    metadata = pod.metadata
    return cri.PodSandboxConfig(
        metadata=cri.PodSandboxMetadata(
            name=metadata.name, uid=metadata.uid, namespace=metadata.namespace, attempt=attempt
        ),
        hostname="" if pod.spec.host_network else hostname,
        log_directory=names.log_folder(logs, metadata.namespace, metadata.name, metadata.uid),
        dns_config=dns,
        port_mappings=port_mappings(pod),
        labels={**metadata.labels, **own_labels(pod)},
        annotations={**metadata.annotations, names.GRACE_SECONDS: str(pod.spec.termination_grace_period_seconds)},
        linux=cri.LinuxPodSandboxConfig(
            cgroup_parent=cgroup,
            security_context=sandbox_security(pod, root),
            sysctls={each.name: each.value for each in pod.spec.security_context.sysctls},
        ),
    )


def own_labels(pod: Pod) -> dict[str, str]:
    """The labels by which a sandbox or container is known to be of this pod."""
    metadata = pod.metadata
    return {
        names.POD_NAME: metadata.name,
        names.POD_NAMESPACE: metadata.namespace,
        names.POD_UID: metadata.uid,
    }


def port_mappings(pod: Pod) -> list[cri.PortMapping]:
    """The ports of the node that lead to the pod; none in the node's own network."""
    if pod.spec.host_network:
        return []
    return [
        cri.PortMapping(
            protocol=PROTOCOLS.get(port.protocol, cri.TCP),
            container_port=port.container_port,
            host_port=port.host_port,
            host_ip=port.host_ip,
        )
        for container in (*pod.spec.containers, *pod.spec.init_containers)
        for port in container.ports
        if port.host_port
    ]
