"""Packet rules of nftables: one table of one family, its chains, sets and maps as values, one transaction a change."""
