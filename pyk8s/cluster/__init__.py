"""A whole cluster on one machine: its folder, its nodes as namespaces, its processes, its images.

Enters: the actions of the `pyk8s` command (up, down, stop, start, node add, image load, …) with their settings.
Leaves: namespaces, links, one rule set, cgroups and processes on this machine, and files under the cluster's folder;
after `down` none of them. Must not know: how a pod runs, how an object is stored, how the command prints.
"""
