"""What can be wrong with keys, certificates, tokens and kubeconfig files."""

from __future__ import annotations


class WireError(Exception):
    """Anything this room refuses; the message names the file or field and what to do."""


class KeyFileInvalid(WireError):
    """A certificate or key file is missing, unreadable or no PEM of the expected kind."""


class KubeconfigInvalid(WireError):
    """A kubeconfig file is missing, no YAML, or lacks what a connection needs."""


class TokenInvalid(WireError):
    """A bearer token that is malformed, signed by nobody we know, expired, or meant for somebody else."""
