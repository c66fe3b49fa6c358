"""What can go wrong with a patch."""


class PatchInvalid(ValueError):
    """The patch itself makes no sense, whatever the object; says which part. HTTP 400."""


class PatchFailed(ValueError):
    """The patch does not fit this object: a path is not there, a test does not hold. HTTP 422."""
