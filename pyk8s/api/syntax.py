"""The forms a name, a label or an address may have: each function returns what is wrong, [] when nothing is.

Source: apimachinery, pkg/util/validation and pkg/api/validation; RFC 1035 and 1123. The sentences are those a client of
Kubernetes knows.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Final

LABEL_LENGTH: Final = 63
SUBDOMAIN_LENGTH: Final = 253

_LABEL_FORM: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN_FORM: Final = rf"{_LABEL_FORM}(\.{_LABEL_FORM})*"
_LABEL_1035_FORM: Final = "[a-z]([-a-z0-9]*[a-z0-9])?"
_NAME_FORM: Final = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE_FORM: Final = f"({_NAME_FORM})?"
_CONFIG_KEY_FORM: Final = "[-._a-zA-Z0-9]+"

_LABEL: Final = re.compile(_LABEL_FORM)
_SUBDOMAIN: Final = re.compile(_SUBDOMAIN_FORM)
_LABEL_1035: Final = re.compile(_LABEL_1035_FORM)
_NAME: Final = re.compile(_NAME_FORM)
_CONFIG_KEY: Final = re.compile(_CONFIG_KEY_FORM)
_PORT_NAME: Final = re.compile("[-a-z0-9]+")
_PRINTABLE_ENV: Final = re.compile(r"[ -<>-~]+")


def _too_long(longest: int) -> str:
    return f"must be no more than {longest} bytes"


def _form(message: str, form: str, *examples: str) -> str:
    shown = " or ".join(f"'{example}'" for example in examples)
    said = f"e.g. {shown}, " if examples else ""
    return f"{message} ({said}regex used for validation is '{form}')"


_LABEL_MESSAGE: Final = _form(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with"
    " an alphanumeric character",
    _LABEL_FORM,
    "my-name",
    "123-abc",
)
_SUBDOMAIN_MESSAGE: Final = _form(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and"
    " end with an alphanumeric character",
    _SUBDOMAIN_FORM,
    "example.com",
)
_LABEL_1035_MESSAGE: Final = _form(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character,"
    " and end with an alphanumeric character",
    _LABEL_1035_FORM,
    "my-name",
    "abc-123",
)
_NAME_PART_MESSAGE: Final = _form(
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric"
    " character",
    _NAME_FORM,
    "MyName",
    "my.name",
    "123-abc",
)
_LABEL_VALUE_MESSAGE: Final = _form(
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and"
    " end with an alphanumeric character",
    _LABEL_VALUE_FORM,
    "MyValue",
    "my_value",
    "12345",
)
_CONFIG_KEY_MESSAGE: Final = _form(
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    _CONFIG_KEY_FORM,
    "key.name",
    "KEY_NAME",
    "key-name",
)
_ENV_MESSAGE: Final = "a valid environment variable name must consist only of printable ASCII characters other than '='"


@lru_cache(maxsize=16384)
def _label(text: str) -> tuple[str, ...]:
    problems = []
    if len(text.encode()) > LABEL_LENGTH:
        problems.append(_too_long(LABEL_LENGTH))
    if not _LABEL.fullmatch(text):
        problems.append(_LABEL_MESSAGE)
    return tuple(problems)


def dns_label(text: str) -> list[str]:
    """What is wrong with `text` as a DNS label of RFC 1123: container and port names, namespaces, services' pods."""
    return list(_label(text))


@lru_cache(maxsize=16384)
def _subdomain(text: str) -> tuple[str, ...]:
    problems = []
    if len(text.encode()) > SUBDOMAIN_LENGTH:
        problems.append(_too_long(SUBDOMAIN_LENGTH))
    if not _SUBDOMAIN.fullmatch(text):
        problems.append(_SUBDOMAIN_MESSAGE)
    return tuple(problems)


def dns_subdomain(text: str) -> list[str]:
    """What is wrong with `text` as a DNS subdomain of RFC 1123: the names of most objects."""
    return list(_subdomain(text))


def dns_1035_label(text: str) -> list[str]:
    """What is wrong with `text` as a DNS label of RFC 1035: the names of services."""
    problems = []
    if len(text.encode()) > LABEL_LENGTH:
        problems.append(_too_long(LABEL_LENGTH))
    if not _LABEL_1035.fullmatch(text):
        problems.append(_LABEL_1035_MESSAGE)
    return problems


@lru_cache(maxsize=16384)
def _qualified(text: str) -> tuple[str, ...]:
    prefix, slash, name = text.rpartition("/")
    problems = []
    if "/" in prefix:
        return (
            _form(
                "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end"
                " with an alphanumeric character",
                _NAME_FORM,
                "MyName",
                "my.name",
                "123-abc",
            )
            + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
        )
    if slash:
        if not prefix:
            problems.append("prefix part must be non-empty")
        else:
            problems += [f"prefix part {problem}" for problem in _subdomain(prefix)]
    if not name:
        problems.append("name part must be non-empty")
    elif len(name) > LABEL_LENGTH:
        problems.append(f"name part {_too_long(LABEL_LENGTH)}")
    if not _NAME.fullmatch(name):
        problems.append(_NAME_PART_MESSAGE)
    return tuple(problems)


def qualified_name(text: str) -> list[str]:
    """What is wrong with `text` as "name" or "prefix/name": keys of labels, annotations, taints, finalizers."""
    return list(_qualified(text))


@lru_cache(maxsize=16384)
def _value(text: str) -> tuple[str, ...]:
    problems = []
    if len(text.encode()) > LABEL_LENGTH:
        problems.append(_too_long(LABEL_LENGTH))
    if text and not _NAME.fullmatch(text):
        problems.append(_LABEL_VALUE_MESSAGE)
    return tuple(problems)


def label_value(text: str) -> list[str]:
    """What is wrong with `text` as the value of a label."""
    return list(_value(text))


def config_key(text: str) -> list[str]:
    """What is wrong with `text` as a key of a ConfigMap or Secret."""
    problems = []
    if len(text.encode()) > SUBDOMAIN_LENGTH:
        problems.append(_too_long(SUBDOMAIN_LENGTH))
    if not _CONFIG_KEY.fullmatch(text):
        problems.append(_CONFIG_KEY_MESSAGE)
    if text == ".":
        problems.append("must not be '.'")
    elif text.startswith(".."):
        problems.append("must not be '..'" if text == ".." else "must not start with '..'")
    return problems


def path_segment(text: str) -> list[str]:
    """What is wrong with `text` as one segment of a URL path: the names of roles and bindings."""
    if text in (".", ".."):
        return [f"may not be '{text}'"]
    return [f"may not contain '{char}'" for char in "/%" if char in text]


def env_name(text: str) -> list[str]:
    """What is wrong with `text` as the name of an environment variable."""
    return [] if _PRINTABLE_ENV.fullmatch(text) else [_ENV_MESSAGE]


def port_name(text: str) -> list[str]:
    """What is wrong with `text` as the name of a container's port (IANA service name)."""
    problems = []
    if len(text) > 15:
        problems.append("must be no more than 15 characters")
    if not _PORT_NAME.fullmatch(text):
        problems.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", text):
        problems.append("must contain at least one letter (a-z)")
    if "--" in text:
        problems.append("must not contain consecutive hyphens")
    if text.startswith("-") or text.endswith("-"):
        problems.append("must not begin or end with a hyphen")
    return problems


def port_number(number: int) -> list[str]:
    """What is wrong with `number` as a port."""
    return [] if 1 <= number <= 65535 else ["must be between 1 and 65535, inclusive"]


def ip_address(text: str) -> list[str]:
    """What is wrong with `text` as an IP address of either family."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]
    return []


def cidr(text: str) -> list[str]:
    """What is wrong with `text` as an address range."""
    try:
        if "/" in text:
            ipaddress.ip_interface(text)
            return []
    except ValueError:
        pass
    return ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]
