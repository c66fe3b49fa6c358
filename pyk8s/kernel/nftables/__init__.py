"""Packet rules of nftables: one table of one family, its chains, sets and maps as values, one transaction a change.

A transaction becomes messages (`messages`, `expressions`, `attributes`) that one `batch` carries; `listing` counts what
is there, `library` and `read` read it in full; `text` is what nft would read and people do.
"""
