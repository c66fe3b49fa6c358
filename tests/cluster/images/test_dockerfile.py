"""Reading a Dockerfile: tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.cluster.errors import ImageInvalid
from pyk8s.cluster.images.dockerfile import parse, substitute


def words(text, **arguments):
    """Word and arguments of each instruction after FROM."""
    return [(each.word, each.arguments) for each in parse(f"FROM scratch\n{text}", arguments)[1:]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("COPY a b", [("COPY", ("a", "b"))]),
        ("copy a b", [("COPY", ("a", "b"))]),
        ('COPY ["a b", "c"]', [("COPY", ("a b", "c"))]),
        ("COPY 'a b' c", [("COPY", ("a b", "c"))]),
        ("CMD ls -l", [("CMD", ("/bin/sh", "-c", "ls -l"))]),
        ('CMD ["ls", "-l"]', [("CMD", ("ls", "-l"))]),
        ("RUN echo a \\\n  && echo b", [("RUN", ("/bin/sh", "-c", "echo a && echo b"))]),
        ("# said\n\nUSER 1000", [("USER", ("1000",))]),
        ("RUN a \\\n# between\n b", [("RUN", ("/bin/sh", "-c", "a b"))]),
        ("ENV A=1 B='x y'", [("ENV", ("A", "1", "B", "x y"))]),
        ("ENV A some words", [("ENV", ("A", "some words"))]),
        ("ENV A=1\nENV B=$A-${A}", [("ENV", ("A", "1")), ("ENV", ("B", "1-1"))]),
        ("ENV A=/x\nWORKDIR $A/y", [("ENV", ("A", "/x")), ("WORKDIR", ("/x/y",))]),
        ("ENV A=1\nRUN echo $A", [("ENV", ("A", "1")), ("RUN", ("/bin/sh", "-c", "echo $A"))]),
        ("ARG V=2\nLABEL v=$V", [("LABEL", ("v", "2"))]),
        ("ARG V\nLABEL v=${V:-none}", [("LABEL", ("v", "none"))]),
        ("EXPOSE 80 53/udp", [("EXPOSE", ("80", "53/udp"))]),
        ("ENV A=\\$HOME", [("ENV", ("A", ""))]),
    ],
)
def test_instructions(text, expected):
    assert words(text) == expected


def test_a_given_argument_wins_over_its_default():
    assert words("ARG V=2\nLABEL v=$V", V="3") == [("LABEL", ("v", "3"))]


def test_an_argument_may_stand_before_from():
    (made,) = parse("ARG BASE=scratch\nFROM $BASE\n")
    assert made.arguments == ("scratch",)


def test_flags_of_copy_are_kept():
    (made,) = parse("FROM scratch\nCOPY --chmod=755 --chown=1:2 a b")[1:]
    assert dict(made.flags) == {"chmod": "755", "chown": "1:2"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: the first instruction must be FROM"),
        ("RUN x", "line 1: the first instruction must be FROM"),
        ("FROM a\nFROM b", "line 2: a second FROM"),
        ("FROM a\n\n# x\nHEALTHCHECK CMD x", "line 4: HEALTHCHECK is not supported"),
        ("FROM a\nONBUILD RUN x", "line 2: ONBUILD"),
        ("FROM a\nCOPY --from=b x y", "line 2: COPY --from is not supported"),
        ("FROM a\nRUN --mount=type=cache x", "line 2: RUN --mount"),
        ("FROM a\nRUN <<EOF\nx\nEOF", "line 2: heredocs"),
        ("FROM a\nCMD [1]", "line 2: .* begins like a JSON list"),
        ('FROM a\nCMD ["a"', "line 2: .* JSON list"),
        ("FROM a\nCOPY 'a b", "line 2: No closing quotation"),
        ("FROM a\nENV A", "line 2: ENV A has no value"),
        ("FROM a\nENV A=1 B", "line 2: 'B' is no NAME=VALUE"),
        ("FROM a\nUSER", "line 2: USER says nothing"),
        ("FROM a\nRUN x \\\n  y\nFOO z", "line 4: FOO"),
    ],
)
def test_what_cannot_be_built_is_named_with_its_line(text, says):
    with pytest.raises(ImageInvalid, match=says):
        parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$A", "1"),
        ("${A}b", "1b"),
        ("$Ab", ""),
        ("${N:-x}", "x"),
        ("${A:-x}", "1"),
        ("${A:+x}", "x"),
        ("${N:+x}", ""),
        ("\\$A", "$A"),
        ("100%", "100%"),
    ],
)
def test_variables(text, expected):
    assert substitute(text, {"A": "1"}) == expected


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    try:
        parse(text)
    except ImageInvalid as why:
        assert "line " in str(why)
