"""What a node's containerd is configured with: one pure text for each form of the file.

Versions 1.6 and 1.7 read form 2; version 2 reads form 3, in which the CRI plugin is three. Source: containerd,
docs/cri/config.md and docs/PLUGINS.md.
"""

from __future__ import annotations

import re

SANDBOX_IMAGE = "pyk8s.local/pause:1"

UNUSED = (
    "io.containerd.internal.v1.opt",
    "io.containerd.internal.v1.tracing",
    "io.containerd.snapshotter.v1.aufs",
    "io.containerd.snapshotter.v1.blockfile",
    "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper",
    "io.containerd.snapshotter.v1.erofs",
    "io.containerd.snapshotter.v1.native",
    "io.containerd.snapshotter.v1.zfs",
    "io.containerd.tracing.processor.v1.otlp",
)
"""Plugins that a node has no use for; unknown ones in this list are no error."""

_COMMON = """\
version = {form}
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = [{unused}]

[grpc]
  address = "/run/containerd/containerd.sock"

[debug]
  level = "warn"
"""

_FORM_2 = """
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{sandbox}"
  restrict_oom_score_adj = {restrict}
  disable_tcp_service = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"

[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "overlayfs"
  default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/opt/cni/bin"
  conf_dir = "/etc/cni/net.d"
  max_conf_num = 1

[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "/etc/containerd/certs.d"
"""

_FORM_3 = """
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"

[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "{sandbox}"

[plugins."io.containerd.cri.v1.images".registry]
  config_path = "/etc/containerd/certs.d"

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = {restrict}

[plugins."io.containerd.cri.v1.runtime".containerd]
  default_runtime_name = "runc"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
  SystemdCgroup = false

[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dir = "/opt/cni/bin"
  conf_dir = "/etc/cni/net.d"
  max_conf_num = 1

[plugins."io.containerd.grpc.v1.cri"]
  disable_tcp_service = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
"""


def config(version: tuple[int, int], *, restrict_oom: bool) -> str:
    """The configuration for containerd `version` (major, minor), with the same paths on every node.

    `restrict_oom` keeps containerd from lowering a process's out-of-memory score below its own, which the kernel
    refuses to whoever lacks CAP_SYS_RESOURCE.
    """
    form, text = (3, _FORM_3) if version >= (2, 0) else (2, _FORM_2)
    unused = ", ".join(f'"{name}"' for name in UNUSED)
    restrict = "true" if restrict_oom else "false"
    return _COMMON.format(form=form, unused=unused) + text.format(sandbox=SANDBOX_IMAGE, restrict=restrict)


def parse_version(text: str) -> tuple[int, int] | None:
    """(major, minor) in what `containerd --version`, `runc --version` or `etcd --version` prints; None when none is."""
    found = re.search(r"\b[vV]?(\d+)\.(\d+)(?:\.\d+)?", text)
    return (int(found[1]), int(found[2])) if found else None


def may_set_oom_score(status: str) -> bool:
    """Whether a process with this /proc/PID/status may lower out-of-memory scores: bit 24 of CapEff,
    CAP_SYS_RESOURCE."""
    found = re.search(r"^CapEff:\s*([0-9a-fA-F]+)$", status, re.MULTILINE)
    return bool(found and int(found[1], 16) >> 24 & 1)
