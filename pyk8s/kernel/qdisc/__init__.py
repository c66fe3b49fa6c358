"""Queueing disciplines: how fast a link sends, and what is done with what it receives."""
