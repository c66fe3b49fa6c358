import pytest

from pyk8s.kernel import modules
from pyk8s.kernel.errors import Refused, Unsupported


def test_a_module_that_nobody_has_is_named():
    with pytest.raises(Unsupported, match="pyk8s_no_such_module"):
        modules.load("pyk8s_no_such_module")


def test_a_machine_without_modprobe_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(modules.shutil, "which", lambda *_, **__: None)
    with pytest.raises(Unsupported, match="install kmod"):
        modules.load("br_netfilter")


def test_a_loader_that_hangs_is_given_up(monkeypatch, tmp_path):
    hanging = tmp_path / "modprobe"
    hanging.write_text("#!/bin/sh\nexec sleep 5\n")
    hanging.chmod(0o755)
    monkeypatch.setattr(modules.shutil, "which", lambda *_, **__: str(hanging))
    monkeypatch.setattr(modules, "SECONDS", 0.05)
    with pytest.raises(Unsupported, match="within"):
        modules.load("br_netfilter")


def test_a_loader_that_succeeds_is_content(monkeypatch):
    monkeypatch.setattr(modules.shutil, "which", lambda *_, **__: "/bin/true")
    assert modules.load("br_netfilter") is None


def test_a_loader_that_cannot_be_started_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(modules.shutil, "which", lambda *_, **__: str(tmp_path))
    with pytest.raises(Refused, match="load the kernel module br_netfilter"):
        modules.load("br_netfilter")
