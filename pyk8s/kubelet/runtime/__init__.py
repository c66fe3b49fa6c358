"""The container runtime behind one interface: `cri` speaks to a real one, `fake` is one in memory.

In: configurations as CRI messages. Out: views (`kubelet.values`) and the errors of `kubelet.errors`; nobody above
knows gRPC.
"""
