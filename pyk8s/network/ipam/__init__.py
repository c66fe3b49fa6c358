"""Addresses for pods: `values` chooses, `store` keeps what was given in host-local's folder form."""
