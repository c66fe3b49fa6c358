"""Guards on bridge ports: a port that may send under one MAC only."""
