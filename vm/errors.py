"""What can go wrong with virtual machines, one class per thing a caller can do something about."""


class Unable(Exception):
    """This machine cannot: the sentence says what is missing and what to do."""


class MachineLost(Exception):
    """A virtual machine did not come up, or ended while it was needed; the console's last lines come with it."""


class TookTooLong(Exception):
    """A command in a machine did not end in its time; it was killed."""
