"""Volumes: folders and mounts on the node that containers see.

`payload` says what is in a volume of files (pure), `plan` where each volume is and what has to be made (pure), `atomic`
writes files so that a reader sees all of the old or all of the new, `mounter` carries it out, `subpath` shows a part.
"""
