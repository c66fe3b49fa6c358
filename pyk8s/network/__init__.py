"""A node's network: what the CNI program asks for, and the ways to the other nodes.

Enters: calls of the CNI specification (through the agent's unix socket, or straight from the program), Node objects.
Leaves: addresses out of the node's range, veth pairs on a bridge, host ports, routes, masquerading, and the CNI
configuration that tells containerd the network is ready. It must not know pods as API objects, services or the kubelet.

`calls` reads a call, `commands` answers it, `plan` says which links and routes that takes, `ipam` gives addresses,
`portmap` and `masquerade` are packet rules, `nodes` plans the routes between nodes, `agent` serves and keeps it all.
"""
