"""The order in which plugins are asked; a plugin may rely on those before it."""

from __future__ import annotations

from pyk8s.apiserver.admission.plugins import (
    defaultstorageclass,
    defaulttolerationseconds,
    limitranger,
    namespacelifecycle,
    noderestriction,
    priority,
    resourcequota,
    runtimeclass,
    serviceaccount,
    storageprotection,
    taintnodesbycondition,
)
from pyk8s.apiserver.admission.review import Plugin

ORDER: tuple[Plugin, ...] = (
    namespacelifecycle.PLUGIN,
    limitranger.PLUGIN,
    serviceaccount.PLUGIN,
    noderestriction.PLUGIN,
    taintnodesbycondition.PLUGIN,
    priority.PLUGIN,
    defaulttolerationseconds.PLUGIN,
    defaultstorageclass.PLUGIN,
    storageprotection.PLUGIN,
    runtimeclass.PLUGIN,
    resourcequota.PLUGIN,
)
