"""Subresources that are no mere part of their object: scale, binding, eviction, token. One file each."""
