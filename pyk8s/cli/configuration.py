"""The configuration file of a daemon: YAML, read once at its start."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from pyk8s.api.configuration import ConfigInvalid


def settings_in(config: Path, needed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The content of the file `config`. `needed` says of each key that must be there what to do when it is not.

    Raises ConfigInvalid, which names the file and what is wrong with it.
    """
    try:
        settings = yaml.safe_load(config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as why:
        raise ConfigInvalid(f"{config}: {why}") from why
    if not isinstance(settings, dict):
        raise ConfigInvalid(f"{config}: is not a mapping of settings")
    for key, advice in (needed or {}).items():
        if not settings.get(key):
            raise ConfigInvalid(f"{config}: {key}: {advice}")
    return settings
