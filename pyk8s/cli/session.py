"""One run of a verb: which cluster, which namespace, the connection to it, and where the answer goes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pyk8s.api.errors import ApiError
from pyk8s.api.resources import Resources

if TYPE_CHECKING:
    from pyk8s.client.caller import Caller
    from pyk8s.client.grpc import GrpcClient
    from pyk8s.wire.kubeconfig import Connection

T = TypeVar("T")


@dataclass(frozen=True)
class Session:
    """What the global flags say. Fields are "" when the flag was not given.

    Without `kubeconfig` and `cluster` it is $KUBECONFIG, then ~/.kube/config, then the only cluster on this machine.
    """

    kubeconfig: str = ""
    cluster: str = ""
    context: str = ""
    given_namespace: str = ""
    as_user: str = ""
    as_groups: tuple[str, ...] = ()
    as_uid: str = ""

    def with_flags(self, **flags: Any) -> Session:
        """This session with the flags that were given after the verb; those win."""
        return replace(self, **{name: value for name, value in flags.items() if value})

    @cached_property
    def connection(self) -> Connection:
        """Where the API is and who we are there. Raises KubeconfigInvalid or click.ClickException."""
        from pyk8s.wire import kubeconfig

        return kubeconfig.load(self.files(), self.context)

    def files(self) -> list[Path]:
        """The kubeconfig files that count together; one, unless $KUBECONFIG lists several."""
        if self.cluster:
            return [self._of_cluster(self.cluster)]
        if self.kubeconfig:
            return [Path(self.kubeconfig)]
        listed = [Path(each) for each in os.environ.get("KUBECONFIG", "").split(":") if each]
        return list(dict.fromkeys(listed)) or [self._found()]

    @staticmethod
    def _found() -> Path:
        """The kubeconfig of who names none."""
        home = Path.home() / ".kube" / "config"
        if home.exists():
            return home
        from pyk8s.cluster import folder

        names = [each.name for each in folder.every()]
        if len(names) == 1:
            return folder.of(names[0]).kubeconfig
        if names:
            raise click.ClickException(
                f"several clusters are here: choose one with --cluster {'|'.join(sorted(names))}"
            )
        raise click.ClickException(
            "no cluster is known: start one with 'pyk8s cluster up', or name a kubeconfig with --kubeconfig FILE"
        )

    @staticmethod
    def _of_cluster(name: str) -> Path:
        from pyk8s.cluster import folder

        found = folder.of(name)
        if not found.exists():
            raise click.ClickException(f"there is no cluster {name!r} on this machine (see 'pyk8s cluster list')")
        return found.kubeconfig

    @cached_property
    def namespace(self) -> str:
        """The namespace to work in: the flag, else the context's, else "default"."""
        return self.given_namespace or self.connection.namespace or "default"

    @cached_property
    def resources(self) -> Resources:
        """The kinds this program knows by itself."""
        return Resources.builtin()

    @property
    def caller(self) -> Caller:
        """As whom calls are made. Raises click.UsageError for groups or a uid of nobody."""
        from pyk8s.client.caller import Caller

        if (self.as_groups or self.as_uid) and not self.as_user:
            raise click.UsageError("--as-group and --as-uid need --as: say whose they are")
        return Caller(self.connection.token, self.as_user, self.as_groups, self.as_uid)

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[GrpcClient]:
        """A connected client, closed at the end."""
        from pyk8s.client.grpc import GrpcClient
        from pyk8s.wire.channel import connect

        made: GrpcClient = GrpcClient(connect(self.connection), caller=self.caller, warned=warn)
        try:
            yield made
        finally:
            await made.close()

    def run(self, work: Callable[[GrpcClient], Awaitable[T]]) -> T:
        """Connect, do `work`, disconnect; what a verb's click function calls."""

        async def main() -> T:
            async with self.client() as client:
                return await work(client)

        # The library's own lines about a connection that fails would stand above ours.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        try:
            return asyncio.run(main())
        except ApiError as why:
            if why.code != 503:
                raise
            files = ":".join(str(file) for file in self.files())
            raise click.ClickException(unreachable(files, why.message)) from why


def unreachable(kubeconfig: str, said: str) -> str:
    """What to do about a server that `said` cannot be reached: look whether it runs, or for the right kubeconfig.

    What the server itself says of somebody else, a node or its store, is passed on.
    """
    from pyk8s.wire.codec import SERVER, UNREACHED

    if not said.startswith(f"{SERVER} {UNREACHED}"):
        return said
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return (
            f"{kubeconfig} trusts another CA than the server's: it belongs to another cluster, or to one that was made "
            "anew since; `pyk8s kubeconfig` shows the one of today"
        )
    if "refused" in said:
        return f"{said}; does the cluster of {kubeconfig} run? `pyk8s cluster list` says so"
    return said


def warn(text: str) -> None:
    """Tell a person something beside the answer."""
    click.echo(f"{click.style('Warning:', fg='yellow')} {text}", err=True)


def on_terminal() -> bool:
    """Whether the answer goes to a terminal, and so may have colour."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
