from __future__ import annotations

from collections.abc import Callable

import pytest

from pyk8s.api import syntax


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (syntax.dns_label, ["a", "web-1", "1a", "a" * 63], ["", "A", "-a", "a-", "a.b", "a" * 64, "a\n", "ä"]),
        (syntax.dns_subdomain, ["a", "a.b", "a" * 253], ["", "A", "a..b", ".a", "a_b", "a" * 254]),
        (syntax.dns_1035_label, ["a", "web-1"], ["", "1a", "a.b", "a" * 64]),
        (syntax.qualified_name, ["a", "A_b.c", "example.com/A", "1"], ["", "/a", "a/", "a/b/c", "A/b", "-", "a" * 64]),
        (syntax.label_value, ["", "a", "A_b.c-1"], ["-", "a b", "a/b", "a" * 64]),
        (syntax.config_key, ["a", ".a", "a_b.c"], ["", ".", "..", "..a", "a/b", "a" * 254]),
        (syntax.path_segment, ["a", "system:node", "A b"], [".", "..", "a/b", "a%"]),
        (syntax.env_name, ["A", "a.b", "a b", "1"], ["", "a=b", "a\n", "ä"]),
        (syntax.port_name, ["http", "a-1"], ["", "1", "a--b", "-a", "A", "a" * 16]),
        (syntax.ip_address, ["10.0.0.1", "::1"], ["", "10.0.0", "10.0.0.256", "host"]),
        (syntax.cidr, ["10.0.0.0/8", "10.1.2.3/8", "fd00::/64"], ["", "10.0.0.0", "10.0.0.0/33", "x/8"]),
    ],
)
def test_a_form_is_kept_or_told(check: Callable[[str], list[str]], good: list[str], bad: list[str]) -> None:
    for text in good:
        assert check(text) == [], text
    for text in bad:
        assert check(text), text


@pytest.mark.parametrize(("number", "fine"), [(1, True), (65535, True), (0, False), (65536, False), (-1, False)])
def test_a_port_lies_in_its_range(number: int, fine: bool) -> None:
    assert (syntax.port_number(number) == []) is fine


def test_the_sentence_names_the_rule_and_the_expression() -> None:
    (problem,) = syntax.dns_label("Web")
    assert "lowercase RFC 1123 label" in problem
    assert "[a-z0-9]([-a-z0-9]*[a-z0-9])?" in problem
    assert syntax.dns_label("a" * 64) == ["must be no more than 63 bytes"]
