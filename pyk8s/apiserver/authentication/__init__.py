"""Who asks: a client certificate or a service account token becomes a user with groups.

In: what a door knows of its peer. Out: a `User`, or `Unauthorized`. It must not know what the user wants.
"""
