"""Sets of addresses and ports that packet rules look things up in, through netlink."""
