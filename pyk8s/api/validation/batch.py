"""Jobs and CronJobs. Source: pkg/apis/batch/validation."""

from __future__ import annotations

import re
from typing import Final

from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object, condition_of, name_of
from pyk8s.api.validation.causes import forbidden, immutable, invalid, not_negative, one_of, required, unsupported
from pyk8s.api.validation.workloads import check_template

_COUNTS: Final = ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
                  "maxFailedIndexes", "backoffLimitPerIndex")  # fmt: skip
_LONGEST_CRON_NAME: Final = 52
_DESCRIPTORS: Final = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})
_EVERY: Final = re.compile(r"@every\s+(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: Final[tuple[tuple[str, int, int, tuple[str, ...]], ...]] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 6, _DAYS),
)


def check_job(new: Object, old: Object | None) -> list[Cause]:
    """A Job: what tells its pods and how they are made stays as it is while it runs."""
    spec = new.get("spec") or {}
    causes = check_job_spec(spec, "spec")
    if spec.get("selector") is None:
        causes.append(required("spec.selector"))
    if old is not None:
        before = old.get("spec") or {}
        for field in ("selector", "completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy"):
            causes += immutable(f"spec.{field}", spec.get(field), before.get(field))
        if spec.get("completionMode") != "Indexed" or spec.get("completions") != spec.get("parallelism"):
            causes += immutable("spec.completions", spec.get("completions"), before.get("completions"))
        if not _may_change_template(old):
            causes += immutable("spec.template", spec.get("template"), before.get("template"))
    return causes


def _may_change_template(old: Object) -> bool:
    """A suspended job may still be told where its pods go."""
    suspended = condition_of(old, "Suspended")
    return bool((old.get("spec") or {}).get("suspend")) and (suspended or {}).get("status", "True") == "True"


def check_job_spec(spec: Object, at: str) -> list[Cause]:
    """What a Job and the jobs of a CronJob share."""
    causes = not_negative(spec, at, *_COUNTS)
    causes += one_of(spec, at, "completionMode", ("Indexed", "NonIndexed"))
    causes += one_of(spec, at, "podReplacementPolicy", ("Failed", "TerminatingOrFailed"))
    if spec.get("completionMode") == "Indexed" and spec.get("completions") is None:
        causes.append(required(f"{at}.completions", "when completion mode is Indexed"))
    if spec.get("completionMode") != "Indexed" and spec.get("backoffLimitPerIndex") is not None:
        detail = "requires indexed completion mode"
        causes.append(invalid(f"{at}.backoffLimitPerIndex", spec["backoffLimitPerIndex"], detail))
    template = spec.get("template")
    if template is None:
        return [*causes, required(f"{at}.template")]
    policy = (template.get("spec") or {}).get("restartPolicy") or "Always"
    where = f"{at}.template.spec.restartPolicy"
    if policy == "Always":
        causes.append(required(where, 'valid values: "OnFailure", "Never"'))
    elif policy not in ("OnFailure", "Never"):
        causes.append(unsupported(where, policy, ("OnFailure", "Never")))
    elif spec.get("podFailurePolicy") and policy != "Never":
        detail = 'only "Never" is supported when podFailurePolicy is specified'
        causes.append(invalid(where, policy, detail))
    return causes + check_template(template, f"{at}.template")


def check_cron_job(new: Object, old: Object | None) -> list[Cause]:
    """A CronJob: a schedule that can be read, a name short enough for the jobs it makes."""
    spec, name = new.get("spec") or {}, name_of(new)
    causes: list[Cause] = []
    if old is None and len(name) > _LONGEST_CRON_NAME:
        causes.append(invalid("metadata.name", name, f"must be no more than {_LONGEST_CRON_NAME} characters"))
    schedule = spec.get("schedule") or ""
    if not schedule:
        causes.append(required("spec.schedule"))
    elif problem := schedule_problem(schedule):
        causes.append(invalid("spec.schedule", schedule, problem))
    zone = spec.get("timeZone")
    if zone is not None and (not zone or zone.lower() == "local"):
        detail = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        causes.append(invalid("spec.timeZone", zone, detail))
    causes += one_of(spec, "spec", "concurrencyPolicy", ("Allow", "Forbid", "Replace"))
    causes += not_negative(
        spec, "spec", "startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"
    )
    job = (spec.get("jobTemplate") or {}).get("spec") or {}
    causes += check_job_spec(job, "spec.jobTemplate.spec")
    if job.get("manualSelector"):
        causes.append(forbidden("spec.jobTemplate.spec.manualSelector", "`manualSelector` may not be set"))
    return causes


def schedule_problem(text: str) -> str:
    """What is wrong with a schedule of five cron fields or a descriptor such as @hourly; "" when nothing is."""
    if "TZ" in text:
        return "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
    if text.startswith("@"):
        if text in _DESCRIPTORS or _EVERY.fullmatch(text):
            return ""
        return f"unrecognized descriptor: {text}"
    parts = text.split()
    if len(parts) != len(_FIELDS):
        return f"expected exactly 5 fields, found {len(parts)}: [{' '.join(parts)}]"
    for part, (name, low, high, words) in zip(parts, _FIELDS, strict=True):
        for item in part.split(","):
            if problem := _item_problem(item, low, high, words):
                return f"{problem} in the {name} field: {part}"
    return ""


def _item_problem(item: str, low: int, high: int, words: tuple[str, ...]) -> str:
    span, slash, step = item.partition("/")
    if slash and not (step.isdigit() and int(step) > 0):
        return f"step of range should be a positive number: {item}"
    if span in ("*", "?"):
        return ""
    first, dash, last = span.partition("-")
    start, end = _number(first, low, words), _number(last, low, words) if dash else None
    if start is None or (dash and end is None):
        return f"failed to parse number: {span}"
    if start < low:
        return f"beginning of range ({start}) below minimum ({low})"
    if (end if end is not None else start) > high:
        return f"end of range ({end if end is not None else start}) above maximum ({high})"
    return f"beginning of range ({start}) beyond end of range ({end})" if end is not None and start > end else ""


def _number(text: str, low: int, words: tuple[str, ...]) -> int | None:
    if text.isascii() and text.isdigit():
        return int(text)
    return words.index(text.lower()) + low if text.lower() in words else None
