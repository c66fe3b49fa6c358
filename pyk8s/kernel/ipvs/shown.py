"""Virtual servers planned, and those of a kernel, as lines that can be compared. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pyk8s.kernel.ipvs.values import Entry, Key, Table
from pyk8s.kernel.shown import Line, Shown


def lines(table: Table, counts: Mapping[Key, int] | None = None) -> Shown:
    """Each virtual server with its real ones; one whose weight is 0 takes nobody new, and is nobody's plan. `counts`
    has the packets that came to virtual servers; of a real one its open connections are told."""
    return {f"server {key}": tuple(_of(key, entry, (counts or {}).get(key))) for key, entry in table.items()}


def _of(key: Key, entry: Entry, packets: int | None) -> Iterator[Line]:
    server = entry.server
    kept = f" persistent {server.persistence}" if server.persistence else ""
    flags = "".join(f" {flag}" for flag in sorted(server.flags))
    text = f"{key} {server.scheduler}{kept}{flags}"
    yield Line(text, server, packets, key="server", step=f"ipvs: {key} {server.scheduler}")
    for place, real in entry.reals.items():
        if real.weight:
            load = entry.loads.get(place)
            said = f"-> {place} {real.method} weight {real.weight}"
            yield Line(said, real, load.total if load else None, key=place, step=f"ipvs: {key} -> {place}")
