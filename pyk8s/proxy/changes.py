"""What has happened to Services and EndpointSlices since somebody last asked, as the keys of the services it concerns.

Handlers of informers put in, the sync loop takes out: everything that is pending at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pyk8s.proxy.objects import EndpointSlice, Service
from pyk8s.proxy.objects import owner as owner_key
from pyk8s.proxy.plan import Intent, Key, plan_service


@dataclass(slots=True)
class Changes:
    """The latest Services and slices by service, and which services changed. `node` and `zone` are this node's."""

    node: str
    family: int = 4
    zone: str = ""
    services: dict[Key, Service] = field(default_factory=dict)
    slices: dict[Key, dict[str, EndpointSlice]] = field(default_factory=dict)
    pending: set[Key] = field(default_factory=set)

    def note_service(self, old: Service | None, new: Service | None) -> None:
        """A Service was added (`old` is None), changed, or removed (`new` is None)."""
        key = _key(old or new)
        if new is None:
            self.services.pop(key, None)
        else:
            self.services[key] = new
        self.pending.add(key)

    def note_slice(self, old: EndpointSlice | None, new: EndpointSlice | None) -> None:
        """A slice was added, changed, removed, or given to another service."""
        if old is not None and (owner := owner_key(old)):
            held = self.slices.get(owner, {})
            held.pop(old.metadata.name, None)
            if not held:
                self.slices.pop(owner, None)
            self.pending.add(owner)
        if new is not None and (owner := owner_key(new)):
            self.slices.setdefault(owner, {})[new.metadata.name] = new
            self.pending.add(owner)

    def move(self, zone: str) -> None:
        """This node is in another zone now: other endpoints may be meant for it."""
        if zone != self.zone:
            self.zone = zone
            self.pending |= self.services.keys()

    def take(self) -> dict[Key, tuple[Intent, ...]]:
        """What the services that changed mean now, () for one that is gone; nothing is pending afterwards."""
        changed, self.pending = self.pending, set()
        return {key: self.view(key) for key in sorted(changed)}

    def view(self, key: Key) -> tuple[Intent, ...]:
        """What the service `key` means now."""
        service = self.services.get(key)
        if service is None:
            return ()
        slices = self.slices.get(key, {}).values()
        return plan_service(service, slices, self.node, zone=self.zone, family=self.family)


def _key(service: Service | None) -> Key:
    return f"{service.metadata.namespace}/{service.metadata.name}" if service is not None else ""
