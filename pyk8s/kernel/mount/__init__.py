"""Mounts: bind mounts, tmpfs, and how they travel between mount namespaces."""
