"""The watch cache: every object in memory as the bytes that are answered, and every change told to all who watch.

Enters: one watch over all keys of a `storage` store. Leaves: `Cached` objects (looked up, listed, selected, paged at a
revision) and batches of `WatchEvent`. Reads may be consistent: they wait until the stream has reached the revision that
the store's header told. It must not know users, kinds or schemas, and it never writes.
"""

from pyk8s.apiserver.cacher.cached import Cached
from pyk8s.apiserver.cacher.cacher import Cacher
from pyk8s.apiserver.cacher.collection import CachedPage
from pyk8s.apiserver.cacher.selection import ALL, Selection
from pyk8s.apiserver.cacher.settings import Settings
from pyk8s.apiserver.cacher.watch import Watch

__all__ = ["ALL", "Cached", "CachedPage", "Cacher", "Selection", "Settings", "Watch"]
