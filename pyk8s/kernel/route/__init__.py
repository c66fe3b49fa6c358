"""Routes: where packets for a range go."""
