"""The process of a program beside a container's own."""

from pyk8s.kubelet.server.exec import exec_process

OWN = {
    "args": ["web"],
    "env": ["PATH=/bin", "TERM=odd"],
    "user": {"uid": 5},
    "cwd": "/srv",
    "consoleSize": {"height": 1},
}


def test_a_program_is_what_the_container_is_but_for_its_arguments():
    made = exec_process(OWN, ["ls", "-l"], tty=False)
    assert made["args"] == ["ls", "-l"]
    assert (made["user"], made["cwd"], made["env"]) == (OWN["user"], "/srv", ["PATH=/bin", "TERM=odd"])
    assert made["terminal"] is False
    assert OWN["args"] == ["web"]


def test_a_terminal_has_a_kind():
    made = exec_process(OWN, ["sh"], tty=True)
    assert made["env"] == ["PATH=/bin", "TERM=xterm"]
    assert "consoleSize" not in made


def test_a_container_without_variables_gets_one_for_its_terminal():
    assert exec_process({}, ["sh"], tty=True)["env"] == ["TERM=xterm"]
