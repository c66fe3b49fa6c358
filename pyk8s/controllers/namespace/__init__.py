"""Empties a namespace that is being deleted, and lets it go when nothing is left in it."""
