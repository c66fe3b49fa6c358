"""Gives every node a range of pod addresses of its own (spec.podCIDR), of each family that the cluster has."""
