"""The CNI program `pyk8s-cni`: what containerd runs for every sandbox.

In: the environment and standard input of the CNI specification. Out: its standard output and exit code. It decides
nothing: `binary` carries the call to the node's agent, and `alone` answers it where no agent runs; `main` is the
console script that installs them, or answers alone. Nothing else may import this package, and of pyk8s it knows the
network room only.
"""
