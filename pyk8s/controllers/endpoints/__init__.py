"""Writes the Endpoints object of every Service with a selector, for the tools that still read it."""
