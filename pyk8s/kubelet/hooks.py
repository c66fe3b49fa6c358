"""Lifecycle hooks: what is done right after a container started, and before it is stopped.

Source: Kubernetes documentation, "Container Lifecycle Hooks"; KEP-3960 (sleep).
"""

from __future__ import annotations

from pyk8s.aio import clock
from pyk8s.kubelet.errors import KubeletError
from pyk8s.kubelet.probes.check import NoAnswer, Target, ask_exec, ask_http, ask_tcp
from pyk8s.kubelet.runtime.interface import Runtime
from pyk8s.kubelet.spec.container import Hook


class HookFailed(KubeletError):
    """A hook did not end well; the text says how."""


async def run_hook(runtime: Runtime, hook: Hook, target: Target, timeout: float) -> None:
    """Run a hook, for at most `timeout` seconds. Raises HookFailed."""
    try:
        if hook.exec is not None:
            answer = await ask_exec(runtime, hook.exec, target, timeout)
        elif hook.http_get is not None:
            answer = await ask_http(hook.http_get, target, timeout)
        elif hook.tcp_socket is not None:
            answer = await ask_tcp(hook.tcp_socket, target, timeout)
        elif hook.sleep is not None:
            await clock.sleep(min(float(hook.sleep.seconds), timeout))
            return
        else:
            return
    except NoAnswer as why:
        raise HookFailed(str(why)) from why
    if not answer.ok:
        raise HookFailed(answer.message or "it exited with another code than 0")
