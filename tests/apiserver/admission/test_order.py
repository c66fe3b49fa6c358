"""The order of plugins, and that files and list agree."""

from pathlib import Path

from pyk8s.apiserver.admission import plugins
from pyk8s.apiserver.admission.order import ORDER


def test_every_file_is_a_plugin_in_the_order():
    files = {path.stem for path in Path(plugins.__path__[0]).glob("*.py")} - {"__init__"}
    modules = {(one.mutate or one.validate).__module__.rpartition(".")[2] for one in ORDER}
    assert modules == files


def test_no_name_stands_twice():
    names = [one.name for one in ORDER]
    assert len(set(names)) == len(names)


def test_quotas_are_charged_last_when_nothing_else_can_refuse():
    assert ORDER[-1].name == "ResourceQuota"


def test_a_namespace_is_looked_at_first():
    assert ORDER[0].name == "NamespaceLifecycle"
