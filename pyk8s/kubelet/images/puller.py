"""Gets images onto the node: one pull of an image at a time whoever asks, with back-off after failures."""

from __future__ import annotations

import asyncio
import binascii
from base64 import b64decode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pyk8s.aio import clock
from pyk8s.gen.cri.v1 import runtime_pb2 as cri
from pyk8s.kubelet.errors import PodError, RuntimeTrouble
from pyk8s.kubelet.images.plan import credentials, delay, plan_image
from pyk8s.kubelet.runtime.interface import ImageView, Runtime

Tell = Callable[[str, str, str], None]
"""Called with (type, reason, message) of an event."""


@dataclass(slots=True)
class _Failed:
    """How often in a row a pull has failed, when it may be tried again, and what was said."""

    count: int
    until: float
    message: str


class BackOff(PodError):
    """The image is not there, and it is too early to try again; `until` is when (seconds since 1970)."""

    def __init__(self, reason: str, message: str, until: float) -> None:
        super().__init__(reason, message)
        self.until = until


class Puller:
    """The images of one node."""

    def __init__(self, runtime: Runtime, *, parallel: int = 4) -> None:
        self._runtime = runtime
        self._slots = asyncio.Semaphore(parallel)
        self._failed: dict[tuple[str, str], _Failed] = {}
        self._pulling: dict[tuple[str, str], asyncio.Task[str]] = {}

    async def ensure(
        self, uid: str, image: str, policy: str, secrets: Sequence[dict[str, Any]], tell: Tell
    ) -> ImageView:
        """See to it that `image` is on the node for a container of pod `uid`, and return it.

        `secrets` are decoded docker configurations. Raises BackOff (ErrImagePull right after a failure,
        ImagePullBackOff until the next try), PodError (ErrImageNeverPull, InvalidImageName), RuntimeTrouble.
        """
        if not image or image != image.strip() or " " in image:
            raise PodError("InvalidImageName", f"{image!r} is not the name of an image")
        present = await self._runtime.image(image)
        step = plan_image(policy, present=present is not None)
        if step == "refuse":
            tell("Warning", "ErrImageNeverPull", f'Container image "{image}" is not present with pull policy of Never')
            message = f'Container image "{image}" is not present with pull policy of Never'
            raise PodError("ErrImageNeverPull", message)
        if step == "use" and present is not None:
            tell("Normal", "Pulled", f'Container image "{image}" already present on machine')
            return present
        self._check_backoff(uid, image)
        return await self._pull(uid, image, secrets, tell)

    def _check_backoff(self, uid: str, image: str) -> None:
        failed = self._failed.get((uid, image))
        if failed is not None and clock.wall() < failed.until:
            message = f'Back-off pulling image "{image}": {failed.message}'
            raise BackOff("ImagePullBackOff", message, failed.until)

    async def _pull(self, uid: str, image: str, secrets: Sequence[dict[str, Any]], tell: Tell) -> ImageView:
        tell("Normal", "Pulling", f'Pulling image "{image}"')
        began = clock.monotonic()
        try:
            name = await self._shared(image, secrets)
        except RuntimeTrouble as why:
            count = self._failed[uid, image].count + 1 if (uid, image) in self._failed else 1
            until = clock.wall() + delay(count)
            self._failed[uid, image] = _Failed(count, until, str(why))
            tell("Warning", "Failed", f'Failed to pull image "{image}": {why}')
            raise BackOff("ErrImagePull", str(why), until) from why
        self._failed.pop((uid, image), None)
        found = await self._runtime.image(name)
        if found is None:
            raise PodError("ErrImagePull", f'image "{image}" was pulled and is not there')
        took = clock.monotonic() - began
        tell("Normal", "Pulled", f'Successfully pulled image "{image}" in {took:.3f}s. Image size: {found.size} bytes.')
        return found

    async def _shared(self, image: str, secrets: Sequence[dict[str, Any]]) -> str:
        """Pull, or wait for the pull of the same image with the same credentials."""
        key = (image, repr(secrets))
        task = self._pulling.get(key)
        if task is None:
            task = self._pulling[key] = asyncio.ensure_future(self._try(image, secrets))
            task.add_done_callback(lambda _: self._pulling.pop(key, None))
        return await asyncio.shield(task)

    async def _try(self, image: str, secrets: Sequence[dict[str, Any]]) -> str:
        """Pull with each credential that fits, and without one when none fits."""
        tries = [auth_config(entry) for entry in credentials(image, secrets)]
        async with self._slots:
            for auth in tries[:-1]:
                try:
                    return await self._runtime.pull(image, auth, None)
                except RuntimeTrouble:
                    continue  # the next credential may be the right one; the last one's refusal is what is told
            return await self._runtime.pull(image, tries[-1] if tries else None, None)

    def forget(self, uid: str) -> None:
        """The pod `uid` is gone: what failed for it no longer counts."""
        for key in [key for key in self._failed if key[0] == uid]:
            del self._failed[key]


def auth_config(entry: dict[str, str]) -> cri.AuthConfig:
    """One entry of a docker configuration as CRI takes it; `auth` is base64 of user:password."""
    user, password = entry.get("username", ""), entry.get("password", "")
    if entry.get("auth") and not user:
        try:
            user, _, password = b64decode(entry["auth"], validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            pass  # as it is: the registry will say what it thinks of it
    return cri.AuthConfig(
        username=user,
        password=password,
        identity_token=entry.get("identitytoken", ""),
        registry_token=entry.get("registrytoken", ""),
    )
