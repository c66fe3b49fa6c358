"""`pyk8s create`: objects from manifests or from flags; `run` and `expose` are beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import orjson

from pyk8s.cli import generators, manifests, options
from pyk8s.cli.printers.output import parse_output
from pyk8s.cli.session import Session
from pyk8s.cli.targets import of_manifest, qualified_kind
from pyk8s.client.interface import Client

HELP = """Create objects from manifests or from flags.

\b
Examples:
  pyk8s create -f web.yaml
  pyk8s create deployment web --image=nginx --replicas=3
  pyk8s create configmap settings --from-literal=colour=blue
  pyk8s create secret generic db --from-literal=password=s3cret
  pyk8s create namespace shop
"""


async def create_all(
    client: Client,
    session: Session,
    made: Sequence[manifests.Manifest],
    *,
    dry_run: str,
    form: str,
    enforced: bool = False,
) -> None:
    """Create `made` in order and say so; the first refusal ends it. Everything is resolved before anything is sent."""
    targets = [of_manifest(session.resources, each, session.namespace, enforced=enforced) for each in made]
    printer = parse_output(form)
    for manifest, target in zip(made, targets, strict=True):
        body = orjson.dumps(manifest.object)
        if dry_run != "client":
            collection = target.resource.ref(target.namespace)
            body = await client.create(
                collection, body, dry_run=dry_run == "server", strict=True, manager="pyk8s-create"
            )
        answer = orjson.loads(body)
        if printer.render is not None:
            click.echo(printer.render(answer), nl=False)
            continue
        suffix = {"client": " (dry run)", "server": " (server dry run)"}.get(dry_run, "")
        click.echo(f"{qualified_kind(target.resource)}/{answer['metadata'].get('name', '')} created{suffix}")


def create_one(session: Session, made: dict[str, Any], flags: dict[str, Any]) -> None:
    """Create an object that was made from flags."""
    manifest = manifests.Manifest(made, "the object made from the flags")
    session.run(lambda client: create_all(client, session, [manifest], dry_run=flags["dry_run"], form=flags["output"]))


SHORT = {"cm": "configmap", "deploy": "deployment", "ns": "namespace", "sa": "serviceaccount", "svc": "service"}


class Kinds(click.Group):
    """The kinds that are made from flags, under their short names too."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a kind, None when there is none."""
        return super().get_command(ctx, SHORT.get(cmd_name, cmd_name))


@click.group("create", cls=Kinds, help=HELP, invoke_without_command=True)
@options.filenames
@options.output
@options.dry_run
@options.connected
@click.pass_context
def create(ctx: click.Context, /, session: Session, files: tuple[str, ...], recursive: bool, **flags: Any) -> None:
    """Create objects."""
    ctx.obj = session
    if ctx.invoked_subcommand:
        return
    if not files:
        raise click.UsageError("say what to create: -f FILE, or a kind with its flags (pyk8s create --help)")
    made = manifests.read(files, recursive=recursive)
    enforced = bool(session.given_namespace)
    session.run(
        lambda client: create_all(
            client, session, made, dry_run=flags["dry_run"], form=flags["output"], enforced=enforced
        )
    )


def _made(command: Any) -> Any:
    """The flags of every kind that is made from flags."""
    return options.output(options.dry_run(options.connected(command)))


@create.command("deployment")
@click.argument("name")
@click.option("--image", "images", multiple=True, required=True, help="An image to run; may be given again.")
@click.option(
    "-r", "--replicas", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True, help="How many pods."
)
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="The port the container listens on.")
@click.argument("command", nargs=-1)
@_made
def deployment(session: Session, name: str, images: tuple[str, ...], command: tuple[str, ...], **flags: Any) -> None:
    """A Deployment.

    \b
    Examples:
      pyk8s create deployment web --image=shop:1 --replicas=3
      pyk8s create deployment job --image=shop:1 -- sh -c "sleep 60"
    """
    made = generators.deployment(name, images, replicas=flags["replicas"], port=flags["port"] or 0, command=command)
    create_one(session, made, flags)


@create.command("service")
@click.argument("kind", type=click.Choice(["clusterip", "nodeport", "loadbalancer", "externalname"]))
@click.argument("name")
@click.option("--tcp", multiple=True, metavar="PORT[:TARGET]", help="A port; may be given again.")
@click.option("--clusterip", default="", help='The address, or "None" for a headless service.')
@click.option("--external-name", default="", help="The name that an externalname service stands for.")
@_made
def service(session: Session, kind: str, name: str, tcp: tuple[str, ...], **flags: Any) -> None:
    """A Service selecting app=NAME.

    \b
    Examples:
      pyk8s create service nodeport web --tcp=80:8080
    """
    kinds = {"clusterip": "ClusterIP", "nodeport": "NodePort", "loadbalancer": "LoadBalancer"}
    ports = generators.service_ports(tcp)
    if kind == "externalname":
        if not flags["external_name"]:
            raise click.UsageError("--external-name is missing")
        made = generators.service(name, "ExternalName", ports=ports, selector={}, externalName=flags["external_name"])
    elif not ports and flags["clusterip"] != "None":
        raise click.UsageError("--tcp is missing: say which port the service has")
    else:
        address = flags["clusterip"]
        made = generators.service(name, kinds[kind], ports=ports, selector={"app": name}, clusterIP=address)
    create_one(session, made, flags)


@create.command("configmap")
@click.argument("name")
@click.option("--from-literal", "literals", multiple=True, metavar="KEY=VALUE", help="An entry; may be given again.")
@click.option("--from-file", "files", multiple=True, metavar="[KEY=]PATH", help="A file or folder; may be given again.")
@click.option("--from-env-file", "env_file", default="", metavar="PATH", help="A file of KEY=VALUE lines.")
@_made
def configmap(session: Session, name: str, literals: tuple[str, ...], files: tuple[str, ...], **flags: Any) -> None:
    """A ConfigMap from entries and files.

    \b
    Examples:
      pyk8s create configmap web --from-literal=level=debug --from-file=web.conf
    """
    lines = generators.env_file_entries(flags["env_file"]) if flags["env_file"] else {}
    literal = generators.together(generators.entries(literals, "--from-literal"), lines)
    create_one(session, generators.config_map(name, literal, generators.file_entries(files)), flags)


@create.group("secret")
def secret() -> None:
    """A Secret: generic, tls or docker-registry.

    \b
    Examples:
      pyk8s create secret generic db --from-literal=password=secret
    """


@secret.command("generic")
@click.argument("name")
@click.option("--from-literal", "literals", multiple=True, metavar="KEY=VALUE", help="An entry; may be given again.")
@click.option("--from-file", "files", multiple=True, metavar="[KEY=]PATH", help="A file or folder; may be given again.")
@click.option("--type", "kind", default="Opaque", show_default=True, help="The type of the secret.")
@_made
def generic(session: Session, name: str, literals: tuple[str, ...], files: tuple[str, ...], **flags: Any) -> None:
    """A Secret from entries and files.

    \b
    Examples:
      pyk8s create secret generic db --from-literal=password=secret
    """
    literal = {key: value.encode() for key, value in generators.entries(literals, "--from-literal").items()}
    entries = generators.together(literal, generators.file_entries(files))
    create_one(session, generators.secret(name, flags["kind"], entries), flags)


@secret.command("tls")
@click.argument("name")
@click.option("--cert", required=True, metavar="FILE", help="The certificate in PEM.")
@click.option("--key", required=True, metavar="FILE", help="Its key in PEM.")
@_made
def tls(session: Session, name: str, cert: str, key: str, **flags: Any) -> None:
    """A Secret of type kubernetes.io/tls.

    \b
    Examples:
      pyk8s create secret tls web --cert=web.crt --key=web.key
    """
    entries = generators.file_entries([f"tls.crt={Path(cert)}", f"tls.key={Path(key)}"])
    from pyk8s.wire.errors import KeyFileInvalid
    from pyk8s.wire.pki import check_pair

    try:
        check_pair(entries["tls.crt"], entries["tls.key"])
    except KeyFileInvalid as why:
        raise click.UsageError(f"--cert {cert}, --key {key}: {why}") from why
    create_one(session, generators.secret(name, "kubernetes.io/tls", entries), flags)


@secret.command("docker-registry")
@click.argument("name")
@click.option("--docker-server", default="https://index.docker.io/v1/", show_default=True, help="The registry.")
@click.option("--docker-username", required=True, help="The user there.")
@click.option("--docker-password", required=True, help="The password.")
@click.option("--docker-email", default="", help="The user's mail address.")
@_made
def docker_registry(session: Session, name: str, **flags: Any) -> None:
    """A Secret that pulls images.

    \b
    Examples:
      pyk8s create secret docker-registry hub --docker-username=jo --docker-password=secret
    """
    made = generators.registry_secret(
        name,
        server=flags["docker_server"],
        user=flags["docker_username"],
        password=flags["docker_password"],
        email=flags["docker_email"],
    )
    create_one(session, made, flags)


@create.command("namespace")
@click.argument("name")
@_made
def namespace(session: Session, name: str, **flags: Any) -> None:
    """A Namespace.

    \b
    Examples:
      pyk8s create namespace shop
    """
    create_one(session, generators.plain("Namespace", name), flags)


@create.command("serviceaccount")
@click.argument("name")
@_made
def serviceaccount(session: Session, name: str, **flags: Any) -> None:
    """A ServiceAccount.

    \b
    Examples:
      pyk8s create serviceaccount robot
    """
    create_one(session, generators.plain("ServiceAccount", name), flags)


@create.command("token")
@click.argument("name")
@click.option("--audience", "audiences", multiple=True, help="Who the token is for; may be given again.")
@click.option("--duration", type=click.IntRange(600), default=3600, show_default=True, help="Seconds it is good for.")
@options.connected
def token(session: Session, name: str, audiences: tuple[str, ...], duration: int) -> None:
    """A token of the service account NAME, printed once and kept nowhere.

    \b
    Examples:
      pyk8s create token robot --duration 7200
    """
    spec: dict[str, Any] = {"expirationSeconds": duration} | ({"audiences": list(audiences)} if audiences else {})
    body = orjson.dumps({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec})
    account = session.resources.resolve("serviceaccounts").ref(session.namespace, name, "token")
    answer = session.run(lambda client: client.create(account, body))
    click.echo(orjson.loads(answer)["status"]["token"])


def _role(session: Session, kind: str, name: str, flags: dict[str, Any]) -> None:
    verbs = [verb for text in flags["verbs"] for verb in text.split(",")]
    words = [word for text in flags["resources"] for word in text.split(",")]
    rows = [(session.resources.resolve(word.partition("/")[0]), word.partition("/")[2]) for word in words]
    pairs = [(row.group, f"{row.plural}/{sub}" if sub else row.plural) for row, sub in rows]
    create_one(session, generators.role(kind, name, verbs, pairs, flags["names"]), flags)


def _role_flags(command: Any) -> Any:
    for flag, target, text in (
        ("--verb", "verbs", "What may be done; may be given again."),
        ("--resource", "resources", "To what; may be given again."),
    ):
        command = click.option(flag, target, multiple=True, required=True, help=text)(command)
    return click.option("--resource-name", "names", multiple=True, help="Only these objects.")(_made(command))


@create.command("role")
@click.argument("name")
@_role_flags
def role(session: Session, name: str, **flags: Any) -> None:
    """A Role.

    \b
    Examples:
      pyk8s create role reader --verb=get,list --resource=pods,deployments.apps
    """
    _role(session, "Role", name, flags)


@create.command("clusterrole")
@click.argument("name")
@_role_flags
def clusterrole(session: Session, name: str, **flags: Any) -> None:
    """A ClusterRole.

    \b
    Examples:
      pyk8s create clusterrole reader --verb=get,list --resource=nodes
    """
    _role(session, "ClusterRole", name, flags)


def _binding_flags(command: Any) -> Any:
    for flag, target, text in (
        ("--user", "users", "A user; may be given again."),
        ("--group", "groups", "A group; may be given again."),
        ("--serviceaccount", "accounts", "NAMESPACE:NAME; may be given again."),
    ):
        command = click.option(flag, target, multiple=True, help=text)(command)
    return click.option("--clusterrole", "cluster_role", default="", help="The ClusterRole to give.")(_made(command))


def _bind(session: Session, kind: str, name: str, role_ref: tuple[str, str], flags: dict[str, Any]) -> None:
    made = generators.role_binding(kind, name, role_ref, flags["users"], flags["groups"], flags["accounts"])
    create_one(session, made, flags)


@create.command("rolebinding")
@click.argument("name")
@click.option("--role", default="", help="The Role to give.")
@_binding_flags
def rolebinding(session: Session, name: str, role: str, **flags: Any) -> None:
    """A RoleBinding.

    \b
    Examples:
      pyk8s create rolebinding readers --clusterrole=view --user=jo
    """
    if bool(role) == bool(flags["cluster_role"]):
        raise click.UsageError("give one of --role and --clusterrole")
    role_ref = ("Role", role) if role else ("ClusterRole", flags["cluster_role"])
    _bind(session, "RoleBinding", name, role_ref, flags)


@create.command("clusterrolebinding")
@click.argument("name")
@_binding_flags
def clusterrolebinding(session: Session, name: str, **flags: Any) -> None:
    """A ClusterRoleBinding.

    \b
    Examples:
      pyk8s create clusterrolebinding admins --clusterrole=admin --group=ops
    """
    if not flags["cluster_role"]:
        raise click.UsageError("--clusterrole is missing")
    _bind(session, "ClusterRoleBinding", name, ("ClusterRole", flags["cluster_role"]), flags)
