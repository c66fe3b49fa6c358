"""The programs of a cluster, one file each: a configuration file comes in, a process serves until it is told to end."""
