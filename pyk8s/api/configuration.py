"""What every program raises about its configuration, whatever room reads it."""

from __future__ import annotations


class ConfigInvalid(ValueError):
    """A setting that is missing, unknown or impossible; the message names it and says what to write.

    It ends the program: trying again does not help. The command line prints the message as it is.
    """
