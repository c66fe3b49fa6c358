"""Addresses and node ports of services: each is an object of its own, made if absent, so that no two services have it.

The store is the judge: of two writers that want one address, the second finds the key taken. What a crash leaves
behind (an address without its service, a service without its address) `repair` puts right.
"""

from pyk8s.apiserver.registry.allocation.services import ServiceClaims

__all__ = ["ServiceClaims"]
