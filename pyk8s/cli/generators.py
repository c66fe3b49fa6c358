"""Objects made from a command line: what `create`, `run` and `expose` send. Pure functions, objects out.

Each raises `GeneratorInvalid` with the flag's name when a value makes no sense.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pyk8s.api.syntax import dns_label

Object = dict[str, Any]
V = TypeVar("V")

MAX_FILE_BYTES = 1024 * 1024
"""A file for a config map or secret may not be larger (the sum is limited to 1 MiB by Kubernetes)."""


MAX_IMAGE = 255 + 128 + 136
"""Characters of a name of an image, its tag and its digest together."""

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])"
_IMAGE = re.compile(
    rf"(?:{_HOST}(?::[0-9]+)?/)?{_PART}(?:/{_PART})*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[+._-][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?"
)
"""Source: OCI distribution specification, and the grammar in distribution/reference."""


class GeneratorInvalid(ValueError):
    """A flag whose value makes no sense; the message names the flag."""

    exit_code = 2
    """The command was called wrongly."""


def metadata(name: str, labels: Mapping[str, str] | None = None) -> Object:
    """Object metadata with a name and, if any, labels."""
    return {"name": name, **({"labels": dict(labels)} if labels else {})}


def checked_image(image: str) -> str:
    """`image`, when a registry could have one of that name."""
    if len(image) > MAX_IMAGE or not _IMAGE.fullmatch(image):
        raise GeneratorInvalid(f"{image!r} is no name of an image: it must be as [HOST[:PORT]/]NAME[:TAG][@DIGEST]")
    return image


def pairs(texts: Sequence[str], flag: str) -> dict[str, str]:
    """`KEY=VALUE` arguments as a dict; a key without "=" is refused."""
    found = {}
    for text in texts:
        for part in text.split(",") if flag == "--labels" else [text]:
            key, equals, value = part.partition("=")
            if not equals or not key:
                raise GeneratorInvalid(f"{flag} {part!r} must be KEY=VALUE")
            found[key] = value
    return found


def entries(texts: Sequence[str], flag: str) -> dict[str, str]:
    """`KEY=VALUE` arguments for a config map or secret; a key given twice is refused."""
    keys = [text.partition("=")[0] for text in texts]
    if twice := next((key for key in keys if keys.count(key) > 1), ""):
        raise GeneratorInvalid(f"{flag}: the key {twice!r} is given twice")
    return pairs(texts, flag)


def together(*sources: Mapping[str, V]) -> dict[str, V]:
    """The entries of several sources of a config map or secret; a key that two of them have is refused."""
    found: dict[str, V] = {}
    for source in sources:
        if twice := sorted(found.keys() & source.keys()):
            raise GeneratorInvalid(f"the key {twice[0]!r} is given twice, in two ways")
        found |= source
    return found


def environment(texts: Sequence[str]) -> list[Object]:
    """`NAME=VALUE` arguments as container environment."""
    return [{"name": name, "value": value} for name, value in pairs(texts, "--env").items()]


def resources(requests: str, limits: str) -> Object:
    """`cpu=100m,memory=64Mi` texts as a container's resources; {} when both are empty."""
    made = {}
    for field, text in (("requests", requests), ("limits", limits)):
        if text:
            made[field] = pairs(text.split(","), f"--{field}")
    return made


def container(
    name: str,
    image: str,
    *,
    command: Sequence[str] = (),
    args: Sequence[str] = (),
    port: int = 0,
    env: Sequence[str] = (),
) -> Object:
    """One container; empty parts are left out."""
    made: Object = {"name": name, "image": checked_image(image)}
    if command:
        made["command"] = list(command)
    if args:
        made["args"] = list(args)
    if env:
        made["env"] = environment(env)
    if port:
        made["ports"] = [{"containerPort": port}]
    return made


def image_name(image: str) -> str:
    """The container name kubectl derives from an image: the last path part without tag and digest."""
    return image.rsplit("/", 1)[-1].partition("@")[0].partition(":")[0].replace("_", "-").lower()


def deployment(
    name: str, images: Sequence[str], *, replicas: int, port: int = 0, command: Sequence[str] = ()
) -> Object:
    """An apps/v1 Deployment labelled and selected by `app=NAME`."""
    if not images:
        raise GeneratorInvalid("--image is missing: say which image to run")
    if command and len(images) > 1:
        raise GeneratorInvalid("a command can be given for one --image only")
    labels = {"app": name}
    containers = [container(image_name(image), image, command=command, port=port) for image in images]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(name, labels),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
        },
    }


def pod(name: str, image: str, *, labels: Mapping[str, str], restart: str, **parts: Any) -> Object:
    """A v1 Pod of one container named like the pod; `parts` as for `container`, and stdin, tty, resources."""
    if wrong := dns_label(name):
        raise GeneratorInvalid(f"a pod and its container cannot be called {name!r}: {wrong[0]}")
    stdin, tty, needs = parts.pop("stdin", False), parts.pop("tty", False), parts.pop("resources", {})
    made = container(name, image, **parts)
    if stdin:
        made |= {"stdin": True, "stdinOnce": True}
    if tty:
        made["tty"] = True
    if needs:
        made["resources"] = needs
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata(name, labels or {"run": name}),
        "spec": {"containers": [made], "restartPolicy": restart},
    }


def service_ports(tcp: Sequence[str]) -> list[Object]:
    """`--tcp PORT[:TARGET]` texts as service ports named PORT-TARGET."""
    ports = []
    for text in tcp:
        port, _, target = text.partition(":")
        target = target or port
        if not port.isdigit():
            raise GeneratorInvalid(f"--tcp {text!r} must be PORT or PORT:TARGETPORT")
        number = port_number(port, "--tcp")
        ports.append(
            {
                "name": f"{port}-{target}",
                "port": number,
                "protocol": "TCP",
                "targetPort": port_number(target, "--tcp") if target.isdigit() else target,
            }
        )
    return ports


def port_number(text: str, flag: str) -> int:
    """A port from 1 to 65535."""
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise GeneratorInvalid(f"{flag} {text!r} must be a port from 1 to 65535")
    return int(text)


def service(name: str, kind: str, *, ports: Sequence[Object], selector: Mapping[str, str], **more: Any) -> Object:
    """A v1 Service of type `kind`; `more` (clusterIP, externalName, externalIPs, …) goes into its spec."""
    spec: Object = {"type": kind, **{field: value for field, value in more.items() if value}}
    if ports:
        spec["ports"] = list(ports)
    if selector:
        spec["selector"] = dict(selector)
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata(name, {"app": name}), "spec": spec}


def file_entries(files: Sequence[str]) -> dict[str, bytes]:
    """`[KEY=]PATH` arguments (a folder gives its files) as key -> content."""
    found: dict[str, bytes] = {}
    for text in files:
        key, equals, path_text = text.partition("=")
        path = Path(path_text if equals else text)
        if path.is_dir() and not equals:
            for inside in sorted(each for each in path.iterdir() if each.is_file()):
                _add(found, inside.name, inside)
        else:
            _add(found, key if equals else path.name, path)
    return found


def _add(found: dict[str, bytes], key: str, path: Path) -> None:
    if key in found:
        raise GeneratorInvalid(f"--from-file: the key {key!r} is given twice")
    try:
        with path.open("rb") as opened:
            data = opened.read(MAX_FILE_BYTES + 1)
    except OSError as why:
        raise GeneratorInvalid(f"--from-file: cannot read {path}: {why.strerror}") from why
    if len(data) > MAX_FILE_BYTES:
        raise GeneratorInvalid(f"--from-file: {path} is larger than 1 MiB")
    found[key] = data


def env_file_entries(path: str) -> dict[str, str]:
    """`NAME=VALUE` lines of a file; empty lines and those that begin with # are passed over."""
    try:
        with Path(path).open("rb") as opened:
            data = opened.read(MAX_FILE_BYTES + 1)
        lines = data.decode().splitlines()
    except OSError as why:
        raise GeneratorInvalid(f"--from-env-file: cannot read {path}: {why.strerror}") from why
    except UnicodeDecodeError as why:
        raise GeneratorInvalid(f"--from-env-file: {path} is no text (UTF-8)") from why
    if len(data) > MAX_FILE_BYTES:
        raise GeneratorInvalid(f"--from-env-file: {path} is larger than 1 MiB")
    return entries([line for line in lines if line.strip() and not line.lstrip().startswith("#")], "--from-env-file")


def config_map(name: str, literals: Mapping[str, str], files: Mapping[str, bytes]) -> Object:
    """A v1 ConfigMap; files that are not UTF-8 go to binaryData. A key in both raises GeneratorInvalid."""
    together(literals, dict.fromkeys(files, ""))
    data, binary = dict(literals), {}
    for key, content in files.items():
        try:
            data[key] = content.decode()
        except UnicodeDecodeError:
            binary[key] = base64.b64encode(content).decode()
    made: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(name)}
    return made | ({"data": data} if data else {}) | ({"binaryData": binary} if binary else {})


def secret(name: str, kind: str, entries: Mapping[str, bytes]) -> Object:
    """A v1 Secret of type `kind`."""
    data = {key: base64.b64encode(value).decode() for key, value in entries.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata(name), "type": kind, "data": data}


def registry_secret(name: str, *, server: str, user: str, password: str, email: str) -> Object:
    """A secret that pulls images: type kubernetes.io/dockerconfigjson."""
    login = {"username": user, "password": password, "auth": base64.b64encode(f"{user}:{password}".encode()).decode()}
    auths = {server: login | ({"email": email} if email else {})}
    return secret(name, "kubernetes.io/dockerconfigjson", {".dockerconfigjson": json.dumps({"auths": auths}).encode()})


def role(
    kind: str, name: str, verbs: Sequence[str], resources: Sequence[tuple[str, str]], names: Sequence[str]
) -> Object:
    """A Role or ClusterRole with one rule for each API group of `resources` ((group, plural) pairs)."""
    groups: dict[str, list[str]] = {}
    for group, plural in resources:
        groups.setdefault(group, []).append(plural)
    rules = [
        {"apiGroups": [group], "resources": plurals, "verbs": list(verbs)}
        | ({"resourceNames": list(names)} if names else {})
        for group, plurals in groups.items()
    ]
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata(name), "rules": rules}


def role_binding(
    kind: str,
    name: str,
    role_ref: tuple[str, str],
    users: Sequence[str],
    groups: Sequence[str],
    accounts: Sequence[str],
) -> Object:
    """A RoleBinding or ClusterRoleBinding to `role_ref` (kind, name); `accounts` are NAMESPACE:NAME."""
    api = "rbac.authorization.k8s.io"
    subjects: list[Object] = [{"apiGroup": api, "kind": "User", "name": user} for user in users]
    subjects += [{"apiGroup": api, "kind": "Group", "name": group} for group in groups]
    for account in accounts:
        namespace, colon, short = account.partition(":")
        if not colon or not namespace or not short:
            raise GeneratorInvalid(f"--serviceaccount {account!r} must be NAMESPACE:NAME")
        subjects.append({"kind": "ServiceAccount", "namespace": namespace, "name": short})
    if not subjects:
        raise GeneratorInvalid("a binding needs at least one --user, --group or --serviceaccount")
    return {
        "apiVersion": f"{api}/v1",
        "kind": kind,
        "metadata": metadata(name),
        "roleRef": {"apiGroup": api, "kind": role_ref[0], "name": role_ref[1]},
        "subjects": subjects,
    }


def plain(kind: str, name: str) -> Object:
    """A v1 object that is nothing but its name: Namespace, ServiceAccount."""
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata(name)}
