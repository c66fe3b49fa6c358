"""What the API tells of how a node's proxy should be: its Node, and kube-proxy's ConfigMap. Pure: the proxy and whoever
looks at it from beside decide by the same functions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import yaml

from pyk8s.proxy.config import Config, families_of, family_of
from pyk8s.proxy.objects import ConfigMap, Node
from pyk8s.proxy.plan import Settings

CONFIG_KEY = "config.conf"
"""The key of the ConfigMap that holds a KubeProxyConfiguration."""


def read_document(config_map: ConfigMap | None) -> object:
    """The parsed document of `config_map`; None when there is none. Raises ValueError when it is no YAML."""
    text = (config_map.data or {}).get(CONFIG_KEY) if config_map is not None else None
    if not text:
        return None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as why:
        raise ValueError(f"{CONFIG_KEY} is no YAML: {why}") from why


def settle(config: Config, node: Node | None, addresses: Iterable[str], family: int) -> Settings:
    """What the rules of `family` depend on, on the node `node` (None: not known yet) whose links have `addresses`.

    Of the Node's own addresses its InternalIPs count; what a cloud translates to them is no address of the node.
    """
    held = [each.address for each in node.status.addresses if each.type == "InternalIP"] if node is not None else []
    if family not in families_of(config.addresses):
        # Only its Node knows the primary address of a node that nobody has told of its own.
        config = replace(config, addresses=(*config.addresses, *(each for each in held if family_of(each) == family)))
    return config.settings(family, (*held, *addresses), node.spec.pod_cidrs if node is not None else ())
