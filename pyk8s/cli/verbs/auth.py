"""`pyk8s auth`: who one is, and what one may do."""

from __future__ import annotations

from typing import Any

import click
import orjson

from pyk8s.api.refs import Ref
from pyk8s.cli import completion, options
from pyk8s.cli.clusters import aligned
from pyk8s.cli.printers.output import parse_output
from pyk8s.cli.session import Session, warn
from pyk8s.client.interface import Client

ACCESS = Ref("authorization.k8s.io", "v1", "selfsubjectaccessreviews")
RULES = Ref("authorization.k8s.io", "v1", "selfsubjectrulesreviews")
SELF = Ref("authentication.k8s.io", "v1", "selfsubjectreviews")

Object = dict[str, Any]


@click.group("auth")
def auth() -> None:
    """Who one is, and what one may do.

    \b
    Examples:
      pyk8s auth whoami
      pyk8s auth can-i create deployments -n shop
    """


@auth.command("can-i")
@click.argument("verb", default="")
@click.argument("what", metavar="TYPE | TYPE/NAME | /PATH", default="", shell_complete=completion.kinds)
@click.argument("name", metavar="[NAME]", default="")
@click.option("--subresource", default="", metavar="NAME", help="This part of it, such as log or scale.")
@click.option("--list", "everything", is_flag=True, help="All that one may do in the namespace.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing: the exit code is the answer.")
@options.all_namespaces
@options.connected
def can_i(session: Session, verb: str, what: str, name: str, everything: bool, quiet: bool, **flags: Any) -> None:
    """Say yes or no, with exit code 0 or 1.

    \b
    Examples:
      pyk8s auth can-i get pods -A
      pyk8s auth can-i get pods/web-1 --subresource log
      pyk8s auth can-i get /healthz
      pyk8s auth can-i --list -n shop
    """
    if everything:
        click.echo(session.run(lambda client: _rules(client, session.namespace)), nl=False)
        return
    if not verb or not what:
        raise click.UsageError("say what: VERB TYPE, VERB TYPE/NAME or VERB /PATH (or --list)")
    namespace = "" if flags["all_namespaces"] else session.namespace
    spec = question(session, verb, what, name, flags["subresource"], namespace)
    answer = session.run(lambda client: _ask(client, ACCESS, "SelfSubjectAccessReview", spec))["status"]
    allowed = bool(answer.get("allowed"))
    if not quiet:
        reason = "" if allowed or not answer.get("reason") else f" - {answer['reason']}"
        click.echo("yes" if allowed else f"no{reason}")
    if not allowed:
        raise SystemExit(1)


def question(session: Session, verb: str, what: str, name: str, subresource: str, namespace: str) -> Object:
    """The spec of a SelfSubjectAccessReview. A kind nobody knows is asked about as it was typed, and said."""
    if what.startswith("/"):
        if name or subresource:
            raise click.UsageError(f"{what} is a path: no name and no subresource goes with it")
        return {"nonResourceAttributes": {"path": what, "verb": verb}}
    kind, slash, slashed = what.partition("/")
    if slash and (name or not slashed or "/" in slashed):
        raise click.UsageError(f"{what!r} must be TYPE, TYPE/NAME or TYPE NAME")
    group, plural, namespaced = "", kind, True
    if kind != "*":
        from pyk8s.api.errors import ApiError

        try:
            resource = session.resources.resolve(kind)
            group, plural, namespaced = resource.group, resource.plural, resource.namespaced
        except ApiError:
            plural, _, group = kind.partition(".")
            warn(f"the server doesn't have a resource type {kind!r}")
    else:
        group = "*"
    asked = {"verb": verb, "group": group, "resource": plural, "subresource": subresource, "name": slashed or name}
    asked["namespace"] = namespace if namespaced else ""
    return {"resourceAttributes": {key: value for key, value in asked.items() if value}}


async def _ask(client: Client, ref: Ref, kind: str, spec: Object) -> Object:
    body = {"apiVersion": f"{ref.group}/{ref.version}", "kind": kind, "metadata": {}, "spec": spec}
    answer: Object = orjson.loads(await client.create(ref, orjson.dumps(body)))
    return answer


async def _rules(client: Client, namespace: str) -> str:
    status = (await _ask(client, RULES, "SelfSubjectRulesReview", {"namespace": namespace}))["status"]
    rows = [["RESOURCES", "NON-RESOURCE URLS", "RESOURCE NAMES", "VERBS"]]
    for rule in status.get("resourceRules") or ():
        groups = rule.get("apiGroups") or [""]
        names = [
            f"{resource}.{group}" if group else resource for resource in rule.get("resources") or () for group in groups
        ]
        rows.append([",".join(names), "[]", _bracketed(rule.get("resourceNames")), _bracketed(rule.get("verbs"))])
    for rule in status.get("nonResourceRules") or ():
        rows.append(["", _bracketed(rule.get("nonResourceURLs")), "[]", _bracketed(rule.get("verbs"))])
    return aligned([rows[0], *sorted(rows[1:])])


def _bracketed(words: list[str] | None) -> str:
    return f"[{' '.join(words or ())}]"


@auth.command("whoami")
@options.output
@options.connected
def whoami(session: Session, output: str) -> None:
    """Say as whom the server knows one.

    \b
    Examples:
      pyk8s auth whoami
      pyk8s auth whoami -o json
    """
    answer = session.run(lambda client: _ask(client, SELF, "SelfSubjectReview", {}))
    printer = parse_output(output)
    if printer.render is not None:
        click.echo(printer.render(answer), nl=False)
        return
    user = (answer.get("status") or {}).get("userInfo") or {}
    rows = [["ATTRIBUTE", "VALUE"], ["Username", user.get("username", "")], ["Groups", _bracketed(user.get("groups"))]]
    if user.get("uid"):
        rows.insert(2, ["UID", user["uid"]])
    rows += [[f"Extra: {key}", _bracketed(values)] for key, values in sorted((user.get("extra") or {}).items())]
    click.echo(aligned(rows), nl=False)
