"""Who may do what: role based access control, and the node authorizer that keeps a node to its own objects.

In: a user and the attributes of what they want to do. Out: a decision with a reason. Rules and the graph of nodes
follow the stored objects by watching them. It must not know doors or the registry.
"""
