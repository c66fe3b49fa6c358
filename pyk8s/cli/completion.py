"""What a shell offers behind a half-typed word: kinds, names, namespaces, containers, nodes, contexts, clusters.

A person waits for it at every Tab: it says nothing when something is wrong, and gives up after `SECONDS`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

SECONDS = 2.0
"""How long the server is waited for."""

MOST = 1000
"""At most so many names are asked for."""

Words = list[str]
Complete = Callable[[click.Context, click.Parameter, str], Words]
Offer = Callable[[click.Context, click.Parameter, str], Any]
"""What click calls at a Tab: words, or a sign that the shell is to complete file names."""


def _silent(complete: Complete) -> Complete:
    """`complete`, which offers nothing where it would fail."""

    def tried(ctx: click.Context, param: click.Parameter, incomplete: str) -> Words:
        try:
            return [word for word in complete(ctx, param, incomplete) if word.startswith(incomplete)]
        except Exception:
            return []

    return tried


def session_of(ctx: click.Context) -> Any:
    """The session of the flags typed so far. While a shell completes, no command makes one."""
    from pyk8s.cli.session import Session

    session = ctx.find_object(Session) or Session()
    for context in (ctx.find_root(), ctx):
        flags = context.params
        session = session.with_flags(
            kubeconfig=flags.get("kubeconfig") or "",
            context=flags.get("context") or "",
            cluster=flags.get("cluster") or "",
            given_namespace=flags.get("namespace") or "",
            as_user=flags.get("as_user") or "",
            as_groups=flags.get("as_groups") or (),
            as_uid=flags.get("as_uid") or "",
        )
    return session


def _asked(session: Any, work: Callable[[Any], Awaitable[Words]]) -> Words:
    import asyncio

    async def bounded(client: Any) -> Words:
        async with asyncio.timeout(SECONDS):
            return await work(client)

    found: Words = session.run(bounded)
    return found


def names_of(session: Any, kind: str) -> Words:
    """The names of the objects of a kind, in the namespace worked in."""
    import orjson

    from pyk8s.client.interface import View

    resource = session.resources.resolve(kind)
    collection = resource.ref(session.namespace if resource.namespaced else "")

    async def work(client: Any) -> Words:
        listing = await client.list(collection, limit=MOST, view=View.METADATA)
        return [orjson.loads(body)["metadata"]["name"] for body in listing.items]

    return _asked(session, work)


def _kinds(session: Any) -> Words:
    served = [resource for resource in session.resources if {"get", "list"} & set(resource.verbs)]
    return sorted({resource.plural for resource in served})


def _typed(ctx: click.Context) -> Sequence[str]:
    """The words before this one that are no flags."""
    params = ctx.params
    pod = (params["pod"],) if params.get("pod") else ()
    words: Sequence[str] = params.get("words") or params.get("names") or pod
    # Behind a flag that still lacks its value click has sorted nothing yet.
    return words or ctx.args


def _slashed(session: Any, incomplete: str) -> Words:
    kind = incomplete.partition("/")[0]
    return [f"{kind}/{name}" for name in names_of(session, kind)]


@_silent
def targets(ctx: click.Context, param: click.Parameter, incomplete: str) -> Words:
    """TYPE, then NAME, or TYPE/NAME."""
    session, typed = session_of(ctx), _typed(ctx)
    if "/" in incomplete:
        return _slashed(session, incomplete)
    if typed and "/" not in typed[0]:
        kind = typed[0].rpartition(",")[2]
        return [name for name in names_of(session, kind) if name not in typed[1:]]
    listed, comma, _ = incomplete.rpartition(",")
    return [f"{listed}{comma}{kind}" for kind in _kinds(session)]


@_silent
def kinds(ctx: click.Context, param: click.Parameter, incomplete: str) -> Words:
    """TYPE."""
    return _kinds(session_of(ctx))


@_silent
def pods(ctx: click.Context, param: click.Parameter, incomplete: str) -> Words:
    """POD, or TYPE/NAME."""
    session = session_of(ctx)
    return _slashed(session, incomplete) if "/" in incomplete else names_of(session, "pods")


@_silent
def containers(ctx: click.Context, param: click.Parameter, incomplete: str) -> Words:
    """A container of the pod that was typed."""
    import orjson

    from pyk8s.api.refs import PODS

    session = session_of(ctx)
    place = PODS.within(session.namespace).of(_typed(ctx)[0].rpartition("/")[2])

    async def work(client: Any) -> Words:
        spec = orjson.loads(await client.get(place))["spec"]
        return [each["name"] for field in ("containers", "initContainers") for each in spec.get(field) or ()]

    return _asked(session, work)


@_silent
def nodes(ctx: click.Context, param: click.Parameter, incomplete: str) -> Words:
    """NODE."""
    return [name for name in names_of(session_of(ctx), "nodes") if name not in _typed(ctx)]


@_silent
def namespaces(ctx: click.Context, param: click.Parameter, incomplete: str) -> Words:
    """A namespace."""
    return names_of(session_of(ctx), "namespaces")


@_silent
def contexts(ctx: click.Context, param: click.Parameter, incomplete: str) -> Words:
    """A context of the kubeconfig."""
    from pyk8s.wire import kubeconfig

    return list(kubeconfig.read(session_of(ctx).files()).contexts)


@_silent
def clusters(ctx: click.Context, param: click.Parameter, incomplete: str) -> Words:
    """A cluster of this machine."""
    from pyk8s.cluster import folder

    return [each.name for each in folder.every()]


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> Iterable[CompletionItem]:
    """A file: the shell knows them."""
    return [CompletionItem(incomplete, type="file")]
