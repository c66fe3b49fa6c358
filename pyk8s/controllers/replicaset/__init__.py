"""Keeps as many pods as a ReplicaSet asks for: makes, adopts, releases and deletes them, and counts them."""
