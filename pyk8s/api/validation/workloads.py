"""What makes pods and keeps them: Deployments, ReplicaSets, StatefulSets, DaemonSets, budgets, autoscalers.

Source: pkg/apis/{apps,autoscaling,policy}/validation.
"""

from __future__ import annotations

import re
from typing import Any, Final

from pyk8s.api.errors import Cause
from pyk8s.api.intorstring import ShareInvalid, percent
from pyk8s.api.objectmeta import Object
from pyk8s.api.selectors import SelectorInvalid, from_object
from pyk8s.api.validation.causes import (
    NOT_NEGATIVE,
    forbidden,
    immutable,
    invalid,
    not_negative,
    one_of,
    required,
    unsupported,
)
from pyk8s.api.validation.labels import check_label_selector, check_labels
from pyk8s.api.validation.podspec import check_pod_spec

_PERCENT: Final = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for"
    " validation is '[0-9]+%')"
)
_SET_CHANGEABLE: Final = ("replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
                          "persistentVolumeClaimRetentionPolicy", "minReadySeconds")  # fmt: skip
_SET_FIXED: Final = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy',"
    " 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


def check_template(template: Object | None, at: str) -> list[Cause]:
    """A pod template: labels, annotations and the pod spec."""
    metadata = (template or {}).get("metadata") or {}
    causes = check_labels(metadata.get("labels"), f"{at}.metadata.labels")
    causes += check_pod_spec((template or {}).get("spec") or {}, f"{at}.spec")
    if (template or {}).get("spec", {}).get("ephemeralContainers"):
        causes.append(forbidden(f"{at}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template"))
    return causes


def check_owner(spec: Object, kind: str, *, always: bool = True) -> list[Cause]:
    """What all that own pods share: a selector, and a template whose labels it matches and whose pods are restarted."""
    causes = _check_selector(spec, kind)
    template = spec.get("template")
    if template is None:
        return [*causes, required("spec.template")]
    labels = (template.get("metadata") or {}).get("labels") or {}
    try:
        selector = from_object(spec.get("selector"))
        if not causes and not selector.everything and not selector.matches(labels):
            detail = "`selector` does not match template `labels`"
            causes.append(invalid("spec.template.metadata.labels", labels, detail))
    except SelectorInvalid:
        pass
    causes += check_template(template, "spec.template")
    pod = template.get("spec") or {}
    if always and pod.get("restartPolicy", "Always") != "Always":
        causes.append(unsupported("spec.template.spec.restartPolicy", pod["restartPolicy"], ("Always",)))
    if always and pod.get("activeDeadlineSeconds") is not None:
        detail = "activeDeadlineSeconds in ReplicaSet is not Supported"
        causes.append(forbidden("spec.template.spec.activeDeadlineSeconds", detail))
    return causes


def _check_selector(spec: Object, kind: str) -> list[Cause]:
    selector = spec.get("selector")
    if selector is None:
        return [required("spec.selector")]
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        return [invalid("spec.selector", selector, f"empty selector is invalid for {kind}")]
    return check_label_selector(selector, "spec.selector")


def _same_selector(spec: Object, old: Object | None) -> list[Cause]:
    if old is None:
        return []
    return immutable("spec.selector", spec.get("selector"), (old.get("spec") or {}).get("selector"))


def check_share(value: Any, at: str, *, most: int | None = None) -> list[Cause]:
    """A number that is not negative, or a percentage of at most `most`."""
    try:
        share = percent(value)
    except ShareInvalid:
        return [invalid(at, value, _PERCENT)]
    if (value if share is None else share) < 0:
        return [invalid(at, value, NOT_NEGATIVE if share is None else _PERCENT)]
    return [invalid(at, value, f"must not be greater than {most}%")] if share and most and share > most else []


def is_nothing(value: Any) -> bool:
    """Whether a number or percentage is zero."""
    return value == 0 or (isinstance(value, str) and bool(re.fullmatch("0+%", value)))


def check_deployment(new: Object, old: Object | None) -> list[Cause]:
    """A Deployment."""
    spec = new.get("spec") or {}
    causes = check_owner(spec, "deployment") + _same_selector(spec, old)
    causes += not_negative(
        spec, "spec", "replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"
    )
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None and deadline <= spec.get("minReadySeconds", 0):
        causes.append(invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"))
    strategy = spec.get("strategy") or {}
    causes += one_of(strategy, "spec.strategy", "type", ("Recreate", "RollingUpdate"))
    rolling, at = strategy.get("rollingUpdate"), "spec.strategy.rollingUpdate"
    if rolling is not None and strategy.get("type") == "Recreate":
        causes.append(forbidden(at, "may not be specified when strategy `type` is 'Recreate'"))
    elif rolling is not None:
        surge, missing = rolling.get("maxSurge", 0), rolling.get("maxUnavailable", 0)
        causes += check_share(missing, f"{at}.maxUnavailable", most=100) + check_share(surge, f"{at}.maxSurge")
        if is_nothing(surge) and is_nothing(missing):
            causes.append(invalid(f"{at}.maxUnavailable", missing, "may not be 0 when `maxSurge` is 0"))
    return causes


def check_replica_set(new: Object, old: Object | None) -> list[Cause]:
    """A ReplicaSet."""
    spec = new.get("spec") or {}
    causes = check_owner(spec, "deployment") + _same_selector(spec, old)
    return causes + not_negative(spec, "spec", "replicas", "minReadySeconds")


def check_replication_controller(new: Object, old: Object | None) -> list[Cause]:
    """A ReplicationController, whose selector is a plain map of labels."""
    spec = new.get("spec") or {}
    causes = not_negative(spec, "spec", "replicas", "minReadySeconds")
    selector, template = spec.get("selector") or {}, spec.get("template")
    if not selector:
        causes.append(required("spec.selector"))
    if template is None:
        return [*causes, required("spec.template")]
    labels = (template.get("metadata") or {}).get("labels") or {}
    if selector and not selector.items() <= labels.items():
        causes.append(invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"))
    return causes + check_template(template, "spec.template")


def check_daemon_set(new: Object, old: Object | None) -> list[Cause]:
    """A DaemonSet."""
    spec = new.get("spec") or {}
    causes = check_owner(spec, "daemonset") + _same_selector(spec, old)
    causes += not_negative(spec, "spec", "minReadySeconds", "revisionHistoryLimit")
    strategy = spec.get("updateStrategy") or {}
    causes += one_of(strategy, "spec.updateStrategy", "type", ("OnDelete", "RollingUpdate"))
    if strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return causes
    rolling, at = strategy.get("rollingUpdate"), "spec.updateStrategy.rollingUpdate"
    if rolling is None:
        return [*causes, required(at)]
    surge, missing = rolling.get("maxSurge", 0), rolling.get("maxUnavailable", 0)
    causes += check_share(missing, f"{at}.maxUnavailable", most=100)
    causes += check_share(surge, f"{at}.maxSurge", most=100)
    if is_nothing(surge) and is_nothing(missing):
        causes.append(invalid(f"{at}.maxUnavailable", missing, "cannot be 0 when maxSurge is 0"))
    elif not is_nothing(surge) and not is_nothing(missing):
        causes.append(invalid(f"{at}.maxSurge", surge, "may not be set when maxUnavailable is non-zero"))
    return causes


def check_stateful_set(new: Object, old: Object | None) -> list[Cause]:
    """A StatefulSet: after its birth only a few fields change."""
    spec = new.get("spec") or {}
    causes = check_owner(spec, "statefulset")
    causes += not_negative(spec, "spec", "replicas", "minReadySeconds", "revisionHistoryLimit")
    causes += one_of(spec, "spec", "podManagementPolicy", ("OrderedReady", "Parallel"))
    strategy, at = spec.get("updateStrategy") or {}, "spec.updateStrategy"
    causes += one_of(strategy, at, "type", ("OnDelete", "RollingUpdate"))
    rolling = strategy.get("rollingUpdate")
    if rolling is not None:
        if strategy.get("type") == "OnDelete":
            detail = "only allowed for updateStrategy 'RollingUpdate'"
            causes.append(invalid(f"{at}.rollingUpdate", rolling, detail))
        causes += not_negative(rolling, f"{at}.rollingUpdate", "partition")
        if (missing := rolling.get("maxUnavailable")) is not None:
            causes += check_share(missing, f"{at}.rollingUpdate.maxUnavailable", most=100)
            if is_nothing(missing):
                causes.append(invalid(f"{at}.rollingUpdate.maxUnavailable", missing, "cannot be 0"))
    causes += not_negative(spec.get("ordinals") or {}, "spec.ordinals", "start")
    policy = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    for field in ("whenDeleted", "whenScaled"):
        causes += one_of(policy, "spec.persistentVolumeClaimRetentionPolicy", field, ("Delete", "Retain"))
    if old is not None and _fixed(spec) != _fixed(old.get("spec") or {}):
        causes.append(forbidden("spec", _SET_FIXED))
    return causes


def _fixed(spec: Object) -> Object:
    return {key: value for key, value in spec.items() if key not in _SET_CHANGEABLE}


def check_budget(new: Object, old: Object | None) -> list[Cause]:
    """A PodDisruptionBudget."""
    spec = new.get("spec") or {}
    causes = check_label_selector(spec.get("selector"), "spec.selector")
    said = [field for field in ("minAvailable", "maxUnavailable") if spec.get(field) is not None]
    if len(said) == 2:
        causes.append(invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set"))
    for field in said:
        causes += check_share(spec[field], f"spec.{field}", most=100)
    return causes + one_of(spec, "spec", "unhealthyPodEvictionPolicy", ("AlwaysAllow", "IfHealthyBudget"))


def check_autoscaler(new: Object, old: Object | None) -> list[Cause]:
    """A HorizontalPodAutoscaler of either version."""
    spec = new.get("spec") or {}
    least, most = spec.get("minReplicas"), spec.get("maxReplicas", 0)
    causes: list[Cause] = []
    if least is not None and least < 1:
        causes.append(invalid("spec.minReplicas", least, "must be greater than or equal to 1"))
    if most < 1:
        causes.append(invalid("spec.maxReplicas", most, "must be greater than 0"))
    if least is not None and most < least:
        causes.append(invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`"))
    target = spec.get("scaleTargetRef") or {}
    return causes + [required(f"spec.scaleTargetRef.{field}") for field in ("kind", "name") if not target.get(field)]
