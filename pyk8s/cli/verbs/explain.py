"""`pyk8s explain`: what the fields of a kind mean, from the published schema."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import click

from pyk8s.api.resources import Resource
from pyk8s.api.schema import Schema, Shape
from pyk8s.cli import completion, options
from pyk8s.cli.session import Session

HELP = """Explain the fields of a kind.

\b
Examples:
  pyk8s explain pods
  pyk8s explain deployment.spec.strategy
  pyk8s explain pod.spec --recursive
"""

WIDTH = 80
NAMES = {"object": "Object", "map": "map[string]", "any": "", "quantity": "Quantity", "int-or-string": "IntOrString"}


@click.command("explain", help=HELP)
@click.argument("path", metavar="TYPE[.FIELD…]", shell_complete=completion.kinds)
@click.option("--recursive", is_flag=True, help="All fields below, without their texts.")
@click.option("--api-version", default="", metavar="GROUP/VERSION", help="This version of the kind.")
@options.connected
def explain(session: Session, path: str, recursive: bool, api_version: str) -> None:
    """Explain the fields of a kind."""
    word, _, fields = path.partition(".")
    resource = session.resources.resolve(word)
    if api_version:
        found = session.resources.by_kind(api_version, resource.kind)
        if found is None:
            raise click.ClickException(f"there is no {resource.kind} in {api_version}")
        resource = found
    click.echo(explanation(Schema.builtin(), resource, fields, recursive=recursive), nl=False)


def explanation(schema: Schema, resource: Resource, fields: str, *, recursive: bool) -> str:
    """The text about a kind, or about the field at the dotted path `fields`. Raises click.ClickException."""
    shape = schema.shape(resource.definition)
    for number, name in enumerate(fields.split(".") if fields else ()):
        inner = shape.child(name)
        if inner is None:
            so_far = ".".join([resource.singular, *fields.split(".")[:number]])
            raise click.ClickException(f'field "{name}" does not exist in {so_far}')
        shape = inner
    lines = [f"GROUP:      {resource.group}"] if resource.group else []
    lines += [f"KIND:       {resource.kind}", f"VERSION:    {resource.version}", ""]
    if fields:
        lines += [f"FIELD: {fields.rsplit('.', 1)[-1]} <{type_name(shape)}>", ""]
    lines += ["DESCRIPTION:", *_wrapped(shape.description or "<empty>", 4), ""]
    inside = _inside(shape)
    if inside:
        lines.append("FIELDS:")
        lines += _tree(inside, 2) if recursive else _list(inside)
    return "\n".join(lines).rstrip("\n") + "\n"


def type_name(shape: Shape) -> str:
    """`string`, `[]Container`, `map[string]string`: how a person writes the type."""
    if shape.type == "list":
        return f"[]{type_name(shape.items)}"
    if shape.type == "map":
        return f"map[string]{type_name(shape.values)}"
    if shape.type == "object":
        return shape.definition.rsplit(".", 1)[-1] if shape.definition else "Object"
    return NAMES.get(shape.type, shape.type) or "Object"


def _inside(shape: Shape) -> Shape | None:
    while shape.type in ("list", "map"):
        shape = shape.items if shape.type == "list" else shape.values
    return shape if shape.type == "object" and shape.fields else None


def _list(shape: Shape) -> Iterator[str]:
    for name, field in sorted(shape.fields.items()):
        must = " -required-" if name in shape.required else ""
        yield f"  {name}\t<{type_name(field)}>{must}"
        if field.enum:
            yield f"  enum: {', '.join(str(each) for each in field.enum)}"
        yield from _wrapped(field.description or "<no description>", 4)
        yield ""


def _tree(shape: Shape, indent: int, above: tuple[str, ...] = ()) -> Iterator[str]:
    for name, field in sorted(shape.fields.items()):
        must = " -required-" if name in shape.required else ""
        yield f"{' ' * indent}{name}\t<{type_name(field)}>{must}"
        inner = _inside(field)
        # A schema may contain itself (JSONSchemaProps): its name is enough then.
        if inner is not None and inner.definition not in above:
            yield from _tree(inner, indent + 2, (*above, inner.definition))


def _wrapped(text: str, indent: int) -> list[str]:
    lines = []
    for paragraph in text.split("\n"):
        lines += textwrap.wrap(paragraph, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * indent) or [""]
    return lines
