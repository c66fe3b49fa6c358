"""What can go wrong with a cluster on this machine; every message says what to do about it.

ClusterError
├── NotAllowed         not root
├── MachineUnfit       a program or a kernel feature is missing or too old
├── SettingInvalid     a name, a number or a flag that cannot be
├── NoSuchCluster      nothing of that name
├── CutOff             of an `up` that ended early, nothing can be said
├── NoSuchNode
├── NotRunning         a node, or a pod, that has no processes to look into
├── Busy               another command works on the same cluster
├── AddressTaken       no free network or port
├── SupervisorGone     the cluster's supervisor does not answer
├── StartFailed        a process of the cluster did not become ready
└── ImageInvalid       an archive, an image folder or an image name that cannot be used
"""


class ClusterError(Exception):
    """An action on a cluster that failed; the text is one sentence for the person who asked."""


class NotAllowed(ClusterError):
    """The action needs root."""


class MachineUnfit(ClusterError):
    """A program or a kernel feature that a cluster needs is missing or too old."""


class SettingInvalid(ClusterError):
    """A name, a number or a combination of settings that cannot be."""

    exit_code = 2
    """The command was called wrongly."""


class NoSuchCluster(ClusterError):
    """There is no cluster of that name."""


class CutOff(ClusterError):
    """There is a beginning of a cluster, without settings."""


class NoSuchNode(ClusterError):
    """The cluster has no node of that name."""


class NotRunning(ClusterError):
    """A node, or a pod on one, has no process whose network could be looked into."""


class Busy(ClusterError):
    """Another command works on the same cluster."""


class AddressTaken(ClusterError):
    """No network or no port is free, or one that the cluster owns was taken by somebody else."""


class SupervisorGone(ClusterError):
    """The cluster's supervisor does not answer on its socket."""


class StartFailed(ClusterError):
    """A process of the cluster ended, or did not become ready in time."""


class ImageInvalid(ClusterError):
    """An archive, a folder or a name that no image can be made from."""
