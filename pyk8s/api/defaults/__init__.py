"""What an API server writes into an object where its author said nothing.

In: a decoded object of the right shape, the caller's own. Out: the same object, filled in. What needs to know other
objects or the cluster (addresses, priorities, service accounts) is admission's and the registry's, not here.
Source: pkg/apis/*/v*/defaults.go of Kubernetes; an empty string or zero counts as unsaid wherever it does there.
"""

from pyk8s.api.defaults.table import apply_defaults as apply_defaults
