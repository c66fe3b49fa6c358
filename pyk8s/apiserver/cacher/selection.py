"""Which objects of a collection a reader wants."""

from __future__ import annotations

from collections.abc import Collection as Some
from dataclasses import dataclass

from pyk8s.api.selectors import EVERYTHING, FieldSelector, Selector, parse_fields, parse_labels
from pyk8s.apiserver.cacher.cached import Cached

NAME = "metadata.name"
NAMESPACE = "metadata.namespace"
ANY_FIELDS = FieldSelector()


@dataclass(frozen=True, slots=True)
class Selection:
    """The objects in `namespace` ("" for all) that both selectors mean."""

    namespace: str = ""
    labels: Selector = EVERYTHING
    fields: FieldSelector = ANY_FIELDS

    @classmethod
    def parse(cls, namespace: str = "", labels: str = "", fields: str = "") -> Selection:
        """The selection of these texts. Raises pyk8s.api.selectors.SelectorInvalid."""
        return cls(namespace, parse_labels(labels), parse_fields(fields))

    @property
    def everything(self) -> bool:
        """Whether every object of the collection is wanted."""
        return not self.namespace and self.selects_none

    @property
    def selects_none(self) -> bool:
        """Whether every object of the namespace is wanted: there is no selector."""
        return self.labels.everything and self.fields.everything

    def matches(self, one: Cached) -> bool:
        """Whether this object is wanted."""
        if self.namespace and not one.key.startswith(self.namespace + "/"):
            return False
        if not self.labels.everything and not self.labels.matches(one.labels):
            return False
        return all((one.field(part.path) == part.value) is part.equal for part in self.fields.requirements)

    def narrowest(self, indexed: Some[str]) -> tuple[str, str] | None:
        """The (field, value) that finds the wanted objects fastest: the key or bare name under NAME, an indexed field,
        or the namespace; None when only looking at every object helps."""
        exact = self.fields.exact
        if NAME in exact:
            namespace = exact.get(NAMESPACE, self.namespace)
            return NAME, f"{namespace}/{exact[NAME]}" if namespace else exact[NAME]
        for path in indexed:
            if path in exact:
                return path, exact[path]
        namespace = self.namespace or exact.get(NAMESPACE, "")
        return (NAMESPACE, namespace) if namespace else None


ALL = Selection()
