"""VLANs on bridges: which of them a port is a member of."""
