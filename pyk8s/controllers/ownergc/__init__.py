"""Deletes what has lost all its owners, and lets owners go when they wait for what they own.

A graph of all objects by uid (`graph`) is fed by watches of metadata; what is done about one object is decided from its
owners' states (`plan`); an owner that was never seen is looked up in the API before it counts as gone (`reconcile`).
"""
