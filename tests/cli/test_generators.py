"""Objects made from flags are those kubectl would make."""

import base64
import json

import pytest

from pyk8s.cli import generators as g


def test_a_deployment_selects_its_pods_by_its_name():
    made = g.deployment("web", ["registry/x/nginx:1"], replicas=3, port=80)
    assert made["spec"]["selector"]["matchLabels"] == made["spec"]["template"]["metadata"]["labels"] == {"app": "web"}
    assert made["spec"]["template"]["spec"]["containers"] == [
        {"name": "nginx", "image": "registry/x/nginx:1", "ports": [{"containerPort": 80}]}
    ]


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("nginx", "nginx"),
        ("nginx:1.2", "nginx"),
        ("localhost:5000/a/My_App:x", "my-app"),
        ("a/b@sha256:0123", "b"),
    ],
)
def test_a_container_is_named_for_its_image(image, name):
    assert g.image_name(image) == name


def test_a_pod_for_a_terminal_closes_its_input_after_the_first_client():
    made = g.pod("sh", "busybox", labels={}, restart="Never", stdin=True, tty=True, command=["sh"])
    assert made["spec"]["containers"][0] == {
        "name": "sh",
        "image": "busybox",
        "command": ["sh"],
        "stdin": True,
        "stdinOnce": True,
        "tty": True,
    }
    assert made["metadata"]["labels"] == {"run": "sh"}


def test_service_ports_take_a_number_or_a_name_as_target():
    assert g.service_ports(["80:8080", "443:https"]) == [
        {"name": "80-8080", "port": 80, "protocol": "TCP", "targetPort": 8080},
        {"name": "443-https", "port": 443, "protocol": "TCP", "targetPort": "https"},
    ]


def test_files_that_are_no_text_become_binary_data(tmp_path):
    (tmp_path / "text").write_text("hello")
    (tmp_path / "bytes").write_bytes(b"\xff")
    made = g.config_map("c", {"k": "v"}, g.file_entries([str(tmp_path)]))
    assert made["data"] == {"k": "v", "text": "hello"}
    assert made["binaryData"] == {"bytes": "/w=="}


def test_a_registry_secret_holds_a_docker_configuration():
    made = g.registry_secret("pull", server="r.example", user="u", password="p", email="")
    held = json.loads(base64.b64decode(made["data"][".dockerconfigjson"]))
    assert held == {"auths": {"r.example": {"username": "u", "password": "p", "auth": "dTpw"}}}


def test_a_role_has_a_rule_for_each_group():
    made = g.role("Role", "r", ["get"], [("", "pods"), ("apps", "deployments"), ("", "services")], [])
    assert made["rules"] == [
        {"apiGroups": [""], "resources": ["pods", "services"], "verbs": ["get"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]},
    ]


def test_a_binding_names_users_groups_and_service_accounts():
    made = g.role_binding("RoleBinding", "b", ("ClusterRole", "view"), ["jo"], ["team"], ["shop:web"])
    assert [(each["kind"], each["name"]) for each in made["subjects"]] == [
        ("User", "jo"),
        ("Group", "team"),
        ("ServiceAccount", "web"),
    ]
    assert made["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}


@pytest.mark.parametrize(
    ("make", "says"),
    [
        pytest.param(lambda: g.pairs(["x"], "--env"), "--env 'x' must be KEY=VALUE", id="no equals"),
        pytest.param(lambda: g.service_ports(["http"]), "PORT or PORT:TARGETPORT", id="a port that is no number"),
        pytest.param(lambda: g.service_ports(["70000"]), "1 to 65535", id="a port too large"),
        pytest.param(lambda: g.deployment("x", [], replicas=1), "--image is missing", id="no image"),
        pytest.param(lambda: g.deployment("x", ["a", "b"], replicas=1, command=["c"]), "one --image", id="two images"),
        pytest.param(lambda: g.file_entries([f"{__file__}.none"]), "cannot read .*none", id="no such file"),
        pytest.param(
            lambda: g.role_binding("RoleBinding", "b", ("Role", "r"), [], [], []), "at least one", id="nobody"
        ),
        pytest.param(
            lambda: g.role_binding("RoleBinding", "b", ("Role", "r"), [], [], ["web"]),
            "NAMESPACE:NAME",
            id="no namespace",
        ),
    ],
)
def test_a_value_that_makes_no_sense_names_its_flag(make, says):
    with pytest.raises(g.GeneratorInvalid, match=says):
        make()


@pytest.mark.parametrize(
    "image",
    [
        "nginx",
        "nginx:1.27",
        "library/a__b.c-d--e",
        "registry.example.com:5000/Team".lower(),
        "Host:80/a/b:Tag_1.0",
        "localhost/x",
        "[::1]:5000/x",
        "x@sha256:" + "0" * 64,
        "a.b/x:1@sha256:" + "f" * 64,
    ],
)
def test_names_of_images(image):
    assert g.checked_image(image) == image


@pytest.mark.parametrize(
    "image",
    [
        "",
        "Bad Image!!",
        "UPPER",
        "a//b",
        "/a",
        "a/",
        "a:",
        "a:b:c",
        "a@sha256:1",
        "a:" + "t" * 129,
        "a" * 600,
        "å",
        "a\n",
    ],
)
def test_what_is_no_name_of_an_image_is_refused(image):
    with pytest.raises(g.GeneratorInvalid, match="no name of an image"):
        g.checked_image(image)


def test_a_key_twice_is_refused(tmp_path):
    with pytest.raises(g.GeneratorInvalid, match="the key 'a' is given twice"):
        g.entries(["a=1", "b=2", "a=3"], "--from-literal")
    (tmp_path / "env").write_text("A=1\nA=2\n")
    with pytest.raises(g.GeneratorInvalid, match="--from-env-file: the key 'A' is given twice"):
        g.env_file_entries(str(tmp_path / "env"))


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"\xff", "is no text"), (b"#" * (1024 * 1024 + 1), "is larger than 1 MiB"), (None, "No such file")],
)
def test_an_env_file_that_is_none_is_refused(tmp_path, content, says):
    if content is not None:
        (tmp_path / "env").write_bytes(content)
    with pytest.raises(g.GeneratorInvalid, match=says):
        g.env_file_entries(str(tmp_path / "env"))


def test_a_key_that_comes_in_two_ways_is_refused():
    assert g.together({"a": "1"}, {"b": "2"}, {}) == {"a": "1", "b": "2"}
    with pytest.raises(g.GeneratorInvalid, match="the key 'b' is given twice"):
        g.together({"a": "1", "b": "2"}, {"b": "2"})
