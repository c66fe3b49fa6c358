import json
import os
import shlex
import stat
import subprocess
import sys

import pytest

from pyk8s.network.install import PROGRAMS, conflist, install_configuration, install_programs


def test_programs_are_two_lines_that_keep_the_interpreters_flags(tmp_path):
    files = install_programs(tmp_path / "bin dir", "/run/x/cni.sock", "/var/lib/cni")
    assert [file.name for file in files] == list(PROGRAMS)
    for file in files:
        first, second = file.read_text().splitlines()
        assert (first[:3], first.split()[1]) == ("#!/", "-IS")
        assert "/run/x/cni.sock" in second
        assert stat.S_IMODE(file.stat().st_mode) == 0o755


@pytest.mark.parametrize("place", ["a folder with spaces", "long" * 60])
def test_an_interpreter_that_a_first_line_cannot_hold_is_started_by_a_shell(tmp_path, monkeypatch, place):
    bare = os.path.realpath(sys.executable)
    (tmp_path / place).mkdir()
    there = tmp_path / place / "python"
    there.write_text(f'#!/bin/sh\nexec {bare} "$@"\n')
    there.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(there))
    program, _ = install_programs(tmp_path / "bin", str(tmp_path / "s"), str(tmp_path))
    first, second = program.read_text().splitlines()
    assert (first, shlex.split(second)[:3]) == ("#!/bin/sh", ["exec", str(there), "-IS"])


def test_installing_again_changes_nothing(tmp_path):
    before = [file.stat() for file in install_programs(tmp_path, "/s", "/d")]
    after = [file.stat() for file in install_programs(tmp_path, "/s", "/d")]
    assert [(each.st_ino, each.st_mtime_ns) for each in before] == [(each.st_ino, each.st_mtime_ns) for each in after]


def test_a_file_or_link_of_somebody_else_is_replaced_not_written_through(tmp_path):
    (tmp_path / "target").write_text("precious")
    (tmp_path / "loopback").symlink_to(tmp_path / "target")
    install_programs(tmp_path, "/s", "/d")
    assert (tmp_path / "target").read_text() == "precious"
    assert not (tmp_path / "loopback").is_symlink()


def test_the_configuration_is_one_that_names_the_program_and_the_ranges(tmp_path):
    text = conflist(["10.244.1.0/24", "fd00:1::/64"], mtu=1450, data_folder="/var/lib/cni/networks")
    file = install_configuration(tmp_path / "net.d", text)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = json.loads(file.read_bytes())
    (plugin,) = written["plugins"]
    assert plugin["type"] == PROGRAMS[0]
    assert plugin["capabilities"] == {"portMappings": True, "bandwidth": True}
    assert plugin["ipam"]["routes"] == [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]


def test_the_program_runs_by_its_installed_name(tmp_path):
    program, _ = install_programs(tmp_path, str(tmp_path / "nobody.sock"), str(tmp_path / "state"))
    environment = {"CNI_COMMAND": "VERSION", "PATH": os.environ["PATH"]}
    done = subprocess.run([program], env=environment, input=b'{"cniVersion":"1.0.0"}', capture_output=True, timeout=30)
    assert (done.returncode, json.loads(done.stdout)["cniVersion"]) == (0, "1.0.0")
