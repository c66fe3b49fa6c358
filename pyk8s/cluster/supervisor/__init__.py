"""The small process that keeps a cluster's other processes running.

Enters: unit files in the cluster's folder (what to run, where, what comes first) and commands on a unix socket.
Leaves: processes, pid files that the next supervisor takes over from, and a stream of what happens to them.
Must not know: what the programs do; a unit is an argument list, a cgroup and a way to tell that it serves.
"""
