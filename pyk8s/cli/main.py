"""The `pyk8s` command itself: finds the command that is meant, and turns whatever fails into one line and an exit
code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import NoReturn

FAILED, CALLED_WRONGLY, INTERRUPTED = 1, 2, 130
"""Exit codes beside 0."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _open_what_is_closed()
    if arguments in (["version"], ["--version"]):
        # The one command that is asked in a loop of scripts needs no parser, which costs more than all the rest.
        from pyk8s.cli.verbs.version import text

        sys.exit(_write(text()))
    sys.exit(run(arguments))


def run(arguments: Sequence[str]) -> int:
    """Run the command line; its exit code. Nothing but KeyboardInterrupt's like leaves as an exception."""
    import click

    from pyk8s.cli.root import root

    try:
        code = root.main(args=list(arguments), prog_name="pyk8s", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as why:
        sys.stderr.write(f"{why.format_message()}\n")
        return CALLED_WRONGLY
    except click.UsageError as why:
        return _tell(_usage(why), CALLED_WRONGLY)
    except click.ClickException as why:
        return _tell(why.format_message(), why.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _tell("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        _let_go_of_output()
        return FAILED
    except Exception as why:
        if os.environ.get("PYK8S_DEBUG"):
            raise
        return _tell_all(why)
    return code if isinstance(code, int) else 0


def leaves(why: BaseException) -> Iterator[BaseException]:
    """The exceptions of a group and of the groups in it; one that is no group is its own."""
    if isinstance(why, BaseExceptionGroup):
        for each in why.exceptions:
            yield from leaves(each)
    else:
        yield why


def _tell_all(why: Exception) -> int:
    """Tell each thing that went wrong once; the exit code is that of the first."""
    each = list(leaves(why))
    for text in dict.fromkeys(map(describe, each)):
        _tell(text, FAILED)
    return int(getattr(each[0], "exit_code", FAILED))


def describe(why: BaseException) -> str:
    """An exception as a sentence for people: its own words, and its kind where they alone would be cryptic."""
    text = str(getattr(why, "message", "") or why).strip()
    if isinstance(why, PermissionError) and why.filename and os.geteuid() != 0:
        return f"{why.filename}: {why.strerror}: it belongs to somebody else; run it with sudo"
    if isinstance(why, UnicodeEncodeError):
        return f"{why.object!r:.80} is no text (UTF-8)"
    if isinstance(why, OSError) and why.strerror:
        return f"{why.filename}: {why.strerror}" if why.filename else why.strerror
    if type(why).__module__.startswith("pyk8s."):
        return text or type(why).__name__
    hint = "" if os.environ.get("PYK8S_DEBUG") else " (PYK8S_DEBUG=1 shows where)"
    return f"{type(why).__name__}: {text}{hint}" if text else f"{type(why).__name__}{hint}"


def _usage(why: object) -> str:
    """A wrong call, with the command whose --help would tell."""
    message = why.format_message()  # type: ignore[attr-defined]
    context = getattr(why, "ctx", None)
    return f"{message}\nsee `{context.command_path} --help`" if context is not None else message


def _tell(message: str, code: int) -> int:
    try:
        sys.stdout.flush()
    except OSError:
        _let_go_of_output()
    sys.stderr.write(f"error: {message}\n")
    return code


def _write(text: str) -> int:
    """Write an answer; the exit code."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as why:
        _let_go_of_output()
        return FAILED if isinstance(why, BrokenPipeError) else _tell(describe(why), FAILED)
    return 0


def _open_what_is_closed() -> None:
    """Standard input, output or error that the caller closed (`<&-`) leads nowhere.

    Otherwise a connection opened later would get its number, and be read as what a person types.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free is this one.
            os.open(os.devnull, os.O_RDWR)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            mode = "w" if number else "r"
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115 - open until the end


def _let_go_of_output() -> None:
    """What Python still holds for an output that cannot be written must not fail again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
