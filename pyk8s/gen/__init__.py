"""Stubs made by scripts/generate from protos/. Never edited by hand."""
