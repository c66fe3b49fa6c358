"""The roles and bindings every cluster starts with, as data: Kubernetes' default ones, and those of our components.

In: nothing. Out: `objects()`, the ClusterRoles, Roles and bindings to create where they are missing and to complete
where rules are missing. Source: Kubernetes, "Default roles and role bindings".
"""
