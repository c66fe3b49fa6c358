"""Images without a registry: built from a folder or read from an archive, kept once on the machine, given to every
node.

Enters: folders with a Dockerfile or image.yaml, OCI and Docker archives. Leaves: blobs in one OCI layout, hard-linked
into
the content store of each node's containerd, and records of them made through its services.
Must not know: pods, the API, how a node is made.
"""
