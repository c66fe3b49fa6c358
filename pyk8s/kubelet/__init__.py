"""The agent that makes the pods of one node real.

In: the pods that name this node (from the API and from a folder of manifests) and what the runtime says of its
sandboxes and containers. Out: calls to the runtime (CRI), folders of volumes, and the status of pods and of the node.

The heart is one pure function, `plan.plan_pod(pod, seen, now)`; `pods` runs one worker for each pod that plans, lets
`apply` act, and waits for the next event. It must not know how the API stores anything, what controllers or the
scheduler think, nor how packets get to a pod: that is the CNI program's, which the runtime calls.
"""
