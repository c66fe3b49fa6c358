"""How packets travel between nodes: `host-gw` by routes through the other node, `vxlan` in UDP between the nodes.

Each is a plan from one view of the Nodes to links, routes, neighbours and forwarding entries, as values of the kernel.
"""
