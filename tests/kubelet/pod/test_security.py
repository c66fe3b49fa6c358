"""Security contexts as the runtime takes them."""

import pytest

from pyk8s.gen.cri.v1 import runtime_pb2 as cri
from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.pod.security import (
    MASKED,
    check_not_root,
    container_security,
    namespaces,
    sandbox_security,
    seccomp,
)
from pyk8s.kubelet.spec.container import Profile
from tests.kubelet.values import make_pod


def context(pod_context=None, **own):
    pod = make_pod({"name": "web", "image": "x", "securityContext": own}, securityContext=pod_context or {})
    return container_security(pod, pod.spec.containers[0], "/root")


def test_a_container_goes_before_its_pod():
    made = context({"runAsUser": 1, "runAsGroup": 2}, runAsUser=3)
    assert (made.run_as_user.value, made.run_as_group.value) == (3, 2)


def test_nobody_said_anything():
    made = context()
    assert not made.HasField("run_as_user")
    assert not made.no_new_privs
    assert tuple(made.masked_paths) == MASKED
    assert made.seccomp.profile_type == cri.SecurityProfile.Unconfined


def test_the_group_of_files_is_one_of_the_groups():
    assert list(context({"fsGroup": 9, "supplementalGroups": [7]}).supplemental_groups) == [9, 7]


def test_a_privileged_container_sees_everything():
    made = context(privileged=True)
    assert made.privileged
    assert not made.masked_paths


def test_capabilities_and_privileges():
    made = context(allowPrivilegeEscalation=False, capabilities={"add": ["NET_ADMIN"], "drop": ["ALL"]})
    assert made.no_new_privs
    assert list(made.capabilities.add_capabilities) == ["NET_ADMIN"]
    assert list(made.capabilities.drop_capabilities) == ["ALL"]


@pytest.mark.parametrize(
    ("profile", "kind", "where"),
    [
        (None, cri.SecurityProfile.Unconfined, ""),
        (Profile("RuntimeDefault"), cri.SecurityProfile.RuntimeDefault, ""),
        (Profile("Unconfined"), cri.SecurityProfile.Unconfined, ""),
        (Profile("Localhost", "p.json"), cri.SecurityProfile.Localhost, "/root/seccomp/p.json"),
    ],
)
def test_seccomp_profiles(profile, kind, where):
    made = seccomp(profile, "/root")
    assert (made.profile_type, made.localhost_ref) == (kind, where)


@pytest.mark.parametrize(
    ("spec", "network", "pid", "ipc"),
    [
        ({}, cri.POD, cri.CONTAINER, cri.POD),
        ({"shareProcessNamespace": True}, cri.POD, cri.POD, cri.POD),
        ({"hostNetwork": True, "hostPID": True, "hostIPC": True}, cri.NODE, cri.NODE, cri.NODE),
    ],
)
def test_namespaces(spec, network, pid, ipc):
    made = namespaces(make_pod(**spec))
    assert (made.network, made.pid, made.ipc) == (network, pid, ipc)


def test_a_sandbox_is_privileged_when_one_of_its_containers_is():
    pod = make_pod("web", {"name": "other", "securityContext": {"privileged": True}})
    assert sandbox_security(pod, "/root").privileged
    assert not sandbox_security(make_pod(), "/root").privileged


@pytest.mark.parametrize(
    ("own", "image_uid", "image_user", "message"),
    [
        ({"runAsUser": 0}, 5, "", "breaks non-root policy"),
        ({"runAsUser": 5}, None, "", None),
        ({}, None, "", "image will run as root"),
        ({}, 0, "", "image will run as root"),
        ({}, 5, "", None),
        ({}, None, "daemon", "non-numeric user"),
        ({"runAsNonRoot": False}, None, "", None),
    ],
)
def test_root_is_refused_where_it_must_not_be(own, image_uid, image_user, message):
    pod = make_pod({"name": "web", "securityContext": own}, securityContext={"runAsNonRoot": True})
    if message is None:
        check_not_root(pod, pod.spec.containers[0], image_uid, image_user)
    else:
        with pytest.raises(PodError, match=message):
            check_not_root(pod, pod.spec.containers[0], image_uid, image_user)


def test_app_armor_profiles():
    assert context(appArmorProfile={"type": "Localhost", "localhostProfile": "p"}).apparmor.localhost_ref == "p"
    assert not context().HasField("apparmor")
