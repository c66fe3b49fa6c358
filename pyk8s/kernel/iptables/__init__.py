"""Packet rules of iptables: rules as values, one restore text a transaction, on the legacy and nf_tables backends."""
