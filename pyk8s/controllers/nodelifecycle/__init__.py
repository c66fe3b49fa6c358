"""Notices nodes that fall silent, says so, and drives their pods elsewhere when it is sure enough.

A node proves that it lives by renewing its Lease. When it stops, its conditions become Unknown, its pods count as not
ready at once, taints keep new pods away and, after what each pod tolerates, old ones are deleted, so that their owners
make them anew. Doubt counts for the nodes: what this controller could not see is no silence (`watchfulness`), and when
most nodes are silent together the fault is likelier between them and us.
"""
