"""What every asynchronous room shares: one clock, backoff, supervised tasks, shutdown.

Nothing here knows Kubernetes. Time enters every other room through `aio.clock` only, so tests can own it.
"""
