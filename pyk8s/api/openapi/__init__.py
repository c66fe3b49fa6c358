"""The schema as clients download it: OpenAPI v3, one document a group version, and one OpenAPI v2 document of all.

In: the table of resources and the published definitions. Out: JSON bytes. `kubectl explain`, its checks of
manifests and its patches of apply read these.
Source: OpenAPI 3.0, KEP-2896, and the documents of a Kubernetes API server.
"""

from pyk8s.api.openapi.documents import OpenApi as OpenApi
