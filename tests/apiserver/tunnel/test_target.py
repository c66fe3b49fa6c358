import pytest

from pyk8s.api.errors import ApiError
from pyk8s.apiserver.tunnel.target import address_of, container_of, logs_request, node_of, open_frame


def pod(*containers, init=(), ephemeral=(), annotations=None):
    def named(names):
        return [{"name": name} for name in names]

    return {
        "metadata": {"name": "web", "namespace": "shop", "uid": "u", "annotations": annotations or {}},
        "spec": {
            "containers": named(containers),
            "initContainers": named(init),
            "ephemeralContainers": named(ephemeral),
        },
    }


DEFAULT = {"kubectl.kubernetes.io/default-container": "b"}

CHOSEN = [
    (pod("a"), "", "a"),
    (pod("a"), "a", "a"),
    (pod("a", "b"), "b", "b"),
    (pod("a", init=["i"]), "i", "i"),
    (pod("a", ephemeral=["e"]), "e", "e"),
    (pod("a", "b", annotations=DEFAULT), "", "b"),
    (pod("a", annotations=DEFAULT), "", "a"),
]


@pytest.mark.parametrize(("made", "asked", "chosen"), CHOSEN)
def test_which_container_is_meant(made, asked, chosen):
    assert container_of(made, asked) == chosen


UNCLEAR = [
    (pod("a", "b"), "", "choose one of: [a b]"),
    (pod("a", "b", init=["i"]), "", "choose one of: [a b] or one of the init containers: [i]"),
    (pod("a", "b", ephemeral=["e"]), "", "or one of the ephemeral containers: [e]"),
    (pod("a"), "x", "container x is not valid for pod web"),
]


@pytest.mark.parametrize(("made", "asked", "says"), UNCLEAR)
def test_a_container_that_is_not_clear_is_asked_for(made, asked, says):
    with pytest.raises(ApiError) as caught:
        container_of(made, asked)
    assert caught.value.code == 400
    assert says in caught.value.message


def test_a_pod_without_a_node_has_nobody_to_ask():
    with pytest.raises(ApiError, match="does not have a host assigned"):
        node_of(pod("a"))
    assert node_of({"metadata": {"name": "x"}, "spec": {"nodeName": "n"}}) == "n"


def node(*addresses, port=10250):
    status = {"addresses": [{"type": kind, "address": address} for kind, address in addresses]}
    status["daemonEndpoints"] = {"kubeletEndpoint": {"Port": port}}
    return {"metadata": {"name": "n"}, "status": status}


@pytest.mark.parametrize(
    ("made", "address"),
    [
        (node(("Hostname", "n"), ("InternalIP", "10.0.0.5")), "10.0.0.5:10250"),
        (node(("InternalIP", "fd00::5"), port=1), "[fd00::5]:1"),
    ],
)
def test_where_a_node_is(made, address):
    assert address_of(made) == address


@pytest.mark.parametrize("made", [node(), node(("InternalIP", "10.0.0.5"), port=0), {"metadata": {"name": "n"}}])
def test_a_node_that_said_nothing_cannot_be_reached_yet(made):
    with pytest.raises(ApiError) as caught:
        address_of(made)
    assert (caught.value.code, caught.value.retry_after) == (503, 1)


def test_what_is_asked_of_a_log():
    asked = logs_request(
        pod("a"),
        {
            "follow": ["true"],
            "previous": ["1"],
            "timestamps": ["true"],
            "tailLines": ["0"],
            "sinceSeconds": ["60"],
            "limitBytes": ["100"],
        },
    )
    assert (asked.pod.namespace, asked.pod.name, asked.pod.uid, asked.pod.container) == ("shop", "web", "u", "a")
    assert (asked.follow, asked.previous, asked.timestamps) == (True, True, True)
    assert (asked.tail_lines, asked.since_seconds, asked.limit_bytes) == (0, 60, 100)


def test_what_is_not_asked_of_a_log():
    asked = logs_request(pod("a"), {"follow": ["false"], "sinceTime": ["2026-01-01T00:00:00Z"]})
    assert not asked.follow
    assert asked.since_time == "2026-01-01T00:00:00Z"
    assert not any(asked.HasField(field) for field in ("tail_lines", "since_seconds", "limit_bytes"))


WRONG = [
    ({"tailLines": ["-1"]}, 422, "tailLines"),
    ({"sinceSeconds": ["0"]}, 422, "sinceSeconds"),
    ({"limitBytes": ["0"]}, 422, "limitBytes"),
    ({"sinceSeconds": ["5"], "sinceTime": ["2026-01-01T00:00:00Z"]}, 422, "sinceSeconds"),
    ({"tailLines": ["all"]}, 400, ""),
    ({"sinceTime": ["never"]}, 400, ""),
]


@pytest.mark.parametrize(("given", "code", "field"), WRONG)
def test_what_makes_no_sense_is_refused(given, code, field):
    with pytest.raises(ApiError) as caught:
        logs_request(pod("a"), given)
    assert caught.value.code == code
    assert [cause.field for cause in caught.value.causes] == ([field] if field else [])


def test_what_is_asked_of_an_exec():
    opening = open_frame(
        pod("a"), {"command": ["sh", "-c", "ls"], "stdin": ["true"], "stdout": ["1"], "stderr": ["1"]}, attach=False
    )
    assert list(opening.command) == ["sh", "-c", "ls"]
    assert (opening.stdin, opening.stdout, opening.stderr, opening.tty) == (True, True, True, False)


def test_a_terminal_has_one_output():
    opening = open_frame(pod("a"), {"stdout": ["1"], "stderr": ["1"], "tty": ["1"]}, attach=True)
    assert (opening.tty, opening.stderr) == (True, False)


@pytest.mark.parametrize(("given", "attach"), [({"stdout": ["1"]}, False), ({"command": ["ls"]}, False), ({}, True)])
def test_an_exec_needs_a_command_and_a_stream(given, attach):
    with pytest.raises(ApiError) as caught:
        open_frame(pod("a"), given, attach=attach)
    assert caught.value.code == 400
