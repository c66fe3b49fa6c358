"""The store on a real etcd (3.4 or later) over gRPC with mutual TLS.

`calls` makes one call and says in our words what went wrong; `outcome` finds out whether a write happened whose answer
was lost; `reading` pages, `stream` follows, `store` puts them together. Messages and stubs are those that aetcd brings
(docs/decisions/0002-etcd-client.md says why not its client).
"""

from pyk8s.storage.etcd.store import EtcdStore

__all__ = ["EtcdStore"]
