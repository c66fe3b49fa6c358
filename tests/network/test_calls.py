import pytest

from pyk8s.network.calls import Call, check_version, read_call
from pyk8s.network.errors import CniError, Code

ENVIRONMENT = {
    "CNI_COMMAND": "ADD",
    "CNI_PATH": "/opt/cni/bin",
    "CNI_CONTAINERID": "c1",
    "CNI_NETNS": "/run/netns/p",
    "CNI_IFNAME": "eth0",
    "CNI_ARGS": "IgnoreUnknown=1;K8S_POD_NAME=web",
}


def test_a_call_is_read_with_its_arguments():
    call = read_call(ENVIRONMENT)
    args = {"IgnoreUnknown": "1", "K8S_POD_NAME": "web"}
    assert call == Call("ADD", "c1", "/run/netns/p", "/run/netns/p", "eth0", args, ENVIRONMENT)
    assert call.owner == ("c1", "eth0")


def test_a_namespace_that_came_as_a_descriptor_keeps_its_name():
    call = read_call(ENVIRONMENT, "/proc/self/fd/9")
    assert (call.netns, call.netns_name) == ("/proc/self/fd/9", "/run/netns/p")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"CNI_COMMAND": "MEND"}, "CNI_COMMAND is 'MEND'"),
        ({"CNI_COMMAND": ""}, "CNI_COMMAND"),
        ({"CNI_CONTAINERID": ""}, "CNI_CONTAINERID"),
        ({"CNI_CONTAINERID": "../../etc/passwd"}, "CNI_CONTAINERID"),
        ({"CNI_IFNAME": "a-name-that-is-too-long"}, "CNI_IFNAME"),
        ({"CNI_IFNAME": "a/b"}, "CNI_IFNAME"),
        ({"CNI_IFNAME": ".."}, "CNI_IFNAME"),
        ({"CNI_NETNS": ""}, "CNI_NETNS is missing"),
        ({"CNI_ARGS": "nonsense"}, "CNI_ARGS"),
        ({"CNI_ARGS": "A=1;B=2"}, "A, B, unknown here: IgnoreUnknown=1"),
        ({"CNI_ARGS": "A=1;IgnoreUnknown=0"}, "A, unknown here"),
        ({"CNI_ARGS": "IgnoreUnknown=perhaps"}, "IgnoreUnknown='perhaps'"),
    ],
)
def test_a_wrong_environment_is_error_4_that_names_the_variable(change, says):
    with pytest.raises(CniError, match=says) as refused:
        read_call(ENVIRONMENT | change)
    assert refused.value.code is Code.INVALID_ENVIRONMENT


def test_the_folders_of_other_plugins_are_needed_but_for_version():
    without = {name: value for name, value in ENVIRONMENT.items() if name != "CNI_PATH"}
    with pytest.raises(CniError, match="CNI_PATH") as refused:
        read_call(without)
    assert refused.value.code is Code.INVALID_ENVIRONMENT


def test_only_cni_variables_are_carried_on():
    assert "SECRET" not in read_call(ENVIRONMENT | {"SECRET": "x"}).environment


@pytest.mark.parametrize("args", ["IP=10.0.0.1;MAC=0a:00:00:00:00:01", "IgnoreUnknown=true;X=1", "IgnoreUnknown=1;X=1"])
def test_arguments_that_are_understood_or_may_be_ignored_pass(args):
    assert read_call(ENVIRONMENT | {"CNI_ARGS": args}).args


@pytest.mark.parametrize(
    ("command", "version", "fine"),
    [
        ("ADD", "0.1.0", True),
        ("CHECK", "0.3.1", False),
        ("CHECK", "0.4.0", True),
        ("GC", "1.0.0", False),
        ("GC", "1.1.0", True),
        ("STATUS", "1.0.0", False),
        ("STATUS", "1.1.0", True),
    ],
)
def test_a_command_needs_a_version_that_has_it(command, version, fine):
    if fine:
        check_version(command, version)
        return
    with pytest.raises(CniError, match=command) as refused:
        check_version(command, version)
    assert refused.value.code is Code.INCOMPATIBLE_VERSION


def test_del_needs_no_namespace_and_version_needs_nothing():
    assert read_call(ENVIRONMENT | {"CNI_COMMAND": "DEL", "CNI_NETNS": ""}).netns == ""
    assert read_call({"CNI_COMMAND": "VERSION", "CNI_ARGS": "A=1"}).command == "VERSION"
