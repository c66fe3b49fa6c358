"""The command's frame: exit codes, one line of error, help without imports."""

import re
import subprocess
import sys
from importlib import import_module, metadata

import click
import pytest

import pyk8s
from pyk8s.api.errors import not_found
from pyk8s.cli import main as frame
from pyk8s.cli.commands import DAEMONS, ROWS, SECTIONS
from pyk8s.cli.main import run
from pyk8s.cli.root import root
from pyk8s.cluster.errors import ClusterError, SettingInvalid


def fail(why, monkeypatch):
    """Exit code of a command that raises `why`."""

    @click.command("boom")
    def boom():
        raise why

    monkeypatch.setattr(type(root), "get_command", lambda self, ctx, name: boom)
    monkeypatch.setattr("pyk8s.cli.root.ROWS", {**ROWS, "boom": ROWS["get"]})
    return run(["boom"])


@pytest.mark.parametrize(
    ("why", "says", "code"),
    [
        (ClusterError("no such thing: do that"), "error: no such thing: do that\n", 1),
        (not_found("", "pods", "web"), 'error: pods "web" not found\n', 1),
        (
            FileNotFoundError(2, "No such file or directory", "/x.yaml"),
            "error: /x.yaml: No such file or directory\n",
            1,
        ),
        (UnicodeEncodeError("utf-8", "x\udcff", 1, 2, "no"), "error: 'x\\udcff' is no text (UTF-8)\n", 1),
        (OSError(28, "No space left on device"), "error: No space left on device\n", 1),
        (ValueError("strange"), "error: ValueError: strange (PYK8S_DEBUG=1 shows where)\n", 1),
        (KeyError(), "error: KeyError (PYK8S_DEBUG=1 shows where)\n", 1),
        (SettingInvalid("--nodes 0: more"), "error: --nodes 0: more\n", 2),
        (
            ExceptionGroup(
                "some", [ClusterError("one"), ExceptionGroup("", [ClusterError("two"), ClusterError("one")])]
            ),
            "error: one\nerror: two\n",
            1,
        ),
        (click.ClickException("said"), "error: said\n", 1),
        (click.UsageError("wrong"), "error: wrong\nsee `pyk8s boom --help`\n", 2),
        (KeyboardInterrupt(), "error: interrupted\n", 130),
    ],
)
def test_whatever_fails_is_one_line_and_an_exit_code(monkeypatch, capsys, why, says, code):
    monkeypatch.delenv("PYK8S_DEBUG", raising=False)
    assert fail(why, monkeypatch) == code
    assert capsys.readouterr().err.lstrip("\n") == says


def test_the_traceback_is_shown_to_who_asks_for_it(monkeypatch):
    monkeypatch.setenv("PYK8S_DEBUG", "1")
    with pytest.raises(ValueError, match="strange"):
        fail(ValueError("strange"), monkeypatch)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["gte"], "did you mean get?"),
        (["clustre", "up"], "did you mean cluster or cluster-info?"),
        (["zzzzzz"], "there is no command 'zzzzzz'\n"),
        (["--nonsense"], "No such option"),
        (["cluster", "upp"], "No such command 'upp'"),
        (["version", "extra"], "unexpected extra argument"),
        (["completion", "tcsh"], "'tcsh' is not one of"),
    ],
)
def test_a_wrong_call_is_told_with_where_help_is(capsys, words, says):
    assert run(words) == frame.CALLED_WRONGLY
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert says in said
    assert "--help`" in said


def commands(command, path):
    """Every command below `command`, as the words that call it."""
    yield path
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from commands(command.get_command(click.Context(command), name), [*path, name])


TYPED = [
    words
    for rows in SECTIONS.values()
    for row in rows
    for words in commands(getattr(import_module(f"pyk8s.cli.{row.module}"), row.attribute), [row.name])
]


@pytest.mark.parametrize("words", [pytest.param(words, id="-".join(words)) for words in TYPED])
def test_every_command_shows_an_example_of_itself(words, capsys):
    assert run([*words, "--help"]) == 0
    _, _, after = capsys.readouterr().out.partition("\n\n")
    assert re.search(rf"\bpyk8s {' '.join(words)}\b", after)


@pytest.mark.parametrize("words", [["cluster"], ["rollout"], ["create", "secret"], []])
def test_a_group_alone_shows_its_help_and_is_a_wrong_call(words, capsys):
    assert run(words) == frame.CALLED_WRONGLY
    assert capsys.readouterr().err.startswith(" ".join(["Usage: pyk8s", *words]))


def test_who_is_not_the_owner_is_told_to_be_root(monkeypatch):
    why = PermissionError(13, "Permission denied", "/var/lib/x")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert frame.describe(why) == "/var/lib/x: Permission denied: it belongs to somebody else; run it with sudo"
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert frame.describe(why) == "/var/lib/x: Permission denied"


@pytest.mark.parametrize("words", ["version", "--help", "completion bash"])
@pytest.mark.parametrize(
    ("output", "says", "code"),
    [(">/dev/full", "error: No space left on device\n", 1), (">&-", "", 0), (">&- 2>&-", "", 0)],
)
def test_an_output_that_takes_nothing_is_no_traceback(words, output, says, code):
    done = subprocess.run(f"{sys.executable} -m pyk8s {words} {output}", shell=True, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (code, says)


@pytest.mark.parametrize("closed", ["<&-", "<&- >&-", "<&- >&- 2>&-", ">&- 2>&-"])
def test_what_the_caller_closed_leads_nowhere_and_its_number_is_given_to_nobody_else(tmp_path, closed):
    script = tmp_path / "x.py"
    script.write_text(
        "import os, socket, sys\nfrom pyk8s.cli.main import _open_what_is_closed\n_open_what_is_closed()\n"
        "told = [socket.socket().fileno() > 2, os.read(0, 1) == b'', sys.stdin.read() == '', sys.stdout.fileno() == 1]"
        "\n"
        "print('x', flush=True)\nprint('x', file=sys.stderr, flush=True)\n"
        f"open({str(tmp_path / 'told')!r}, 'w').write(repr(told))\n"
    )
    done = subprocess.run(
        f"{sys.executable} {script} {closed}", shell=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=60
    )
    assert done.returncode == 0
    assert (tmp_path / "told").read_text() == "[True, True, True, True]"


def test_help_lists_every_command_people_type(capsys):
    assert run(["--help"]) == 0
    said = capsys.readouterr().out
    for title, rows in SECTIONS.items():
        assert f"{title}:" in said
        for row in rows:
            assert f"  {row.name} " in said
    for row in DAEMONS:
        assert f"  {row.name} " not in said


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for rows in SECTIONS.values() for row in rows])
def test_every_row_is_a_command_and_its_help_is_shown(row, capsys):
    found = getattr(import_module(f"pyk8s.cli.{row.module}"), row.attribute)
    assert isinstance(found, click.Command)
    assert found.name == row.name
    assert run([row.name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: pyk8s {row.name}")


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in DAEMONS])
def test_every_daemon_has_a_function_and_asks_for_its_configuration(row, capsys):
    assert callable(getattr(import_module(f"pyk8s.cli.{row.module}"), row.attribute))
    assert run([row.name]) == frame.CALLED_WRONGLY
    assert "--config" in capsys.readouterr().err


def test_the_version_is_the_packages_and_costs_no_parser():
    assert pyk8s.__version__ == metadata.version("pyk8s")
    script = (
        "import sys; from pyk8s.cli.main import main\n"
        "try: main(['version'])\nfinally: sys.stderr.write(str('click' in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == f"pyk8s {pyk8s.__version__} (Kubernetes {pyk8s.KUBERNETES_VERSION})\n"
    assert done.stderr == "False"


def test_help_imports_no_verb():
    script = (
        "import sys; from pyk8s.cli.main import run\nrun(['--help'])\n"
        "sys.stderr.write(','.join(m for m in sys.modules if m.startswith('pyk8s.cli.verbs.') or m in ('grpc','yaml')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_a_reader_that_has_seen_enough_is_no_error():
    done = subprocess.run(
        f"{sys.executable} -m pyk8s --help | head -n 1", shell=True, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("Usage: pyk8s")
    assert done.stderr == ""
