"""Network namespaces with a name: files under /run/netns, as iproute2 keeps them."""
