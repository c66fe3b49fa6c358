"""Objects as rows: the `meta.k8s.io/v1` Table that `kubectl get` prints.

In: a resource, decoded objects, and the time it is now (ages are told against it). Out: a Table without metadata. The
columns of built-in kinds are those of Kubernetes' own printers; a custom resource has what its definition declares.
Source: pkg/printers/internalversion/printers.go, and KEP-117 (server-side printing).
"""

from pyk8s.api.columns.tables import partial_metadata as partial_metadata
from pyk8s.api.columns.tables import table as table
