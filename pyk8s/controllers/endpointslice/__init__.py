"""Writes the EndpointSlices of every Service with a selector, changing as little as it can."""
