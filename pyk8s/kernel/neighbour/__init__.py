"""Who is where on a link: the MAC of an address, and where a VXLAN's frames for a MAC go."""
