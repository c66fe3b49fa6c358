"""The actions of a plan carried out: one file for each thing they act on. Idempotent, and without choices of their own.

Each takes the host, the pod's memory and the action, changes the memory when it is done, and raises PodError or
RuntimeTrouble, which the worker turns into a hold.
"""
