"""Gives every namespace its service account `default` and the config map with the certificates to trust the API by."""
