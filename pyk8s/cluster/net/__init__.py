"""The networks of a cluster's nodes looked into, on the machine that they run on.

In come a cluster's folder, what its API says, and who wants to reach whom; out come the way of a packet (`path`), the
rules of a node beside its plan (`rules`), and how all nodes follow another mode or way (`change`). Nodes are entered by
the namespaces of their processes (`entering`). How rules look in a mode, and what they do, is the proxy's room.
"""
