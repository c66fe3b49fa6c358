"""Pairs of links (veth) whose far end is in another namespace: what both ends must agree on, set on both."""
