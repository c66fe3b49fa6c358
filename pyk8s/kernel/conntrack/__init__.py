"""Connections that the kernel keeps track of: which there are, and forgetting one."""
