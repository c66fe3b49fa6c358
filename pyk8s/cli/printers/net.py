"""What `pyk8s net` has found, as text."""

from __future__ import annotations

from collections.abc import Iterator

from pyk8s.cluster.net.path import Branch, Path, Step
from pyk8s.cluster.net.rules import Rules
from pyk8s.kernel.shown import Row
from pyk8s.proxy.packet import place

MARKS = {"same": "=", "missing": "-", "surplus": "+", "changed": "~"}


def path_lines(path: Path) -> str:
    """The ways of a packet, each with its steps and the one that decides."""
    packet = path.packet
    lines = [
        f"{path.source} ({packet.source}) to {path.target} ({place(packet.destination, packet.port)}/{packet.protocol})"
    ]
    for number, branch in enumerate(path.branches, 1):
        lines += ["", f"way {number} of {len(path.branches)}: {_fate(branch)}", *_steps(branch)]
    if path.surprises:
        lines += ["", *(f"NOT AS PLANNED: {said}" for said in path.surprises)]
    if path.probe:
        lines += ["", f"a real packet was sent: {path.probe}", *_taken(path)]
    return "".join(f"{line}\n" for line in lines)


def _fate(branch: Branch) -> str:
    fate = branch.fate
    said = {"passes": "goes on as it is", "rejected": "refused", "dropped": "dropped without a word"}
    text = f"goes to {fate.to}" if fate.what == "goes" else said[fate.what]
    return f"{text}, with the node as its source" if fate.masqueraded else text


def _steps(branch: Branch) -> Iterator[str]:
    node = max(len(each.node) for each in branch.steps)
    at = max(len(each.at) for each in branch.steps)
    for each in branch.steps:
        mark = ">" if each is branch.decides else " "
        yield f"{mark} {each.node.ljust(node)}  {each.at.ljust(at)}  {each.plan}{_kernel(each)}"
    yield f"decides: {branch.decides.node}: {branch.decides.plan}"


def _kernel(step: Step) -> str:
    if step.before is None:
        return f"   [kernel: {step.kernel}]" if step.kernel else ""
    counted = f"{step.before} packets" if step.after is None else f"{step.before} -> {step.after} packets"
    return f"   [kernel: {step.kernel}, {counted}]"


def _taken(path: Path) -> Iterator[str]:
    for number, branch in enumerate(path.branches, 1):
        if branch.taken:
            yield f"by its counters it went way {number}: {branch.decides.plan}"


def rules_lines(rules: Rules, *, only_differences: bool = False) -> str:
    """Every line by place, with its mark; differences counted at the end."""
    lines: list[str] = []
    at = ""
    for row in rules.differences if only_differences else rules.rows:
        if row.place != at:
            lines.append(row.place)
            at = row.place
        lines += _row(row)
    count = len(rules.differences)
    if rules.mode != rules.active:
        lines.append(f"{rules.node} is in the mode {rules.active}; of {rules.mode} there is: {count or 'nothing'}")
    else:
        same = (
            f"all {len(rules.rows)} lines are as planned" if not count else f"{count} of {len(rules.rows)} lines differ"
        )
        lines.append(f"{rules.node}, mode {rules.mode}: {same}")
    return "".join(f"{line}\n" for line in lines)


def _row(row: Row) -> Iterator[str]:
    packets = f"   [{row.packets} packets]" if row.packets is not None else ""
    if row.kind == "changed":
        yield f"  ~ planned: {row.planned}"
        yield f"    found:   {row.found}{packets}"
    else:
        yield f"  {MARKS[row.kind]} {row.found or row.planned}{packets}"
