"""The verbs of the command, one file each; a verb is imported when it is used."""
