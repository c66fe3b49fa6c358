"""Removes pods that nobody else will: of nodes that are gone, on their way out without a node, and the oldest ended."""
