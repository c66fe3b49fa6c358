"""Rolls a Deployment's template out: a ReplicaSet for each revision, sized so that enough pods are always there."""
