"""What single kinds add to the generic registry: one file a kind or family, one table of all.

A kind without a row here is stored as its schema says.
"""

from pyk8s.apiserver.registry.strategies.table import strategy_of

__all__ = ["strategy_of"]
