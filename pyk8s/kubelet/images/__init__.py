"""Images: whether one has to be pulled, with whose credentials, and when to try again."""
