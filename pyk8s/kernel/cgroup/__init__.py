"""Control groups, version 1 and 2: what a node or a pod may use at most, and what it uses."""
