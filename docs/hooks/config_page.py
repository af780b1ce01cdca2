"""The reference of the config: every key with its type, default and meaning."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from tables import code, table

from mtl_search.cli.listing import FAMILIES
from mtl_search.config import Component, Config
from mtl_search.config.json_schema import json_schema

_HEAD = """# Config

Every key of a config, with its type, its default and what it means. An unknown key is an error. In
YAML a section is a mapping; on the command line and in Python a key is reached by its dotted path,
such as `training.optimizer.lr=0.01`.

A **component** is chosen by name, with its arguments beside the name,
`{name: convnet, channels: [16, 32]}`, or by the name alone, `convnet`. `module:attribute` names one
of your own. Any value may be `${NAME}` or `${NAME:-default}`, which is read from the environment.

"""
# What stands for the keys of a mapping, by the key that holds it.
_ANY_KEY = {"tasks": "<task>", "space": "<path>"}
_SECTION = "section"
_FAMILIES = {family.place: name for name, family in FAMILIES.items()}


def page() -> str:
    """Write the page."""
    schema = json_schema()
    return _HEAD + "".join(_section(schema, model, path) for path, model in _sections(Config, ""))


def _sections(model: type[BaseModel], path: str) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield each section with its dotted path, in the order of the config."""
    yield path, model
    for name, field in model.model_fields.items():
        for below, inner in _nested(_join(path, field.alias or name), name, field.annotation):
            yield from _sections(inner, below)


def _nested(path: str, name: str, annotation: Any) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the sections that a field holds, with their dotted paths."""
    if (
        isinstance(annotation, type)
        and issubclass(annotation, BaseModel)
        and annotation is not Component
    ):
        yield path, annotation
    any_key = f".{_ANY_KEY.get(name, '<view>')}" if get_origin(annotation) is dict else ""
    for argument in get_args(annotation):
        yield from _nested(path + any_key, name, argument)


def _section(schema: dict[str, Any], model: type[BaseModel], path: str) -> str:
    title = f"## `{path}` {{ #{_anchor(path)} }}" if path else "## Top level { #top }"
    shapes = (
        schema["properties"] if model is Config else schema["$defs"][model.__name__]["properties"]
    )
    rows = []
    for name, field in model.model_fields.items():
        key = field.alias or name
        kind = _component(_join(path, key)) or _words(shapes[key])
        for below, _ in _nested(_join(path, key), name, field.annotation):
            kind = kind.replace(_SECTION, f"[section](#{_anchor(below)})")
        rows.append([code(key), kind, _default(field), _sentence(field.description or "")])
    text = inspect.getdoc(model) or ""
    return f"{title}\n\n{text}\n\n{table(('key', 'type', 'default', 'meaning'), rows)}\n"


def _component(path: str) -> str:
    family = _FAMILIES.get(path)
    return "" if family is None else f"component: [{family}]({family}.md)"


def _anchor(path: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in path).strip("-")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _sentence(text: str) -> str:
    """Begin with a capital, unless the text begins with a value or a name of code."""
    first = text.partition(" ")[0]
    is_word = first.rstrip(",;").replace("(s)", "").isalpha()
    return text[:1].upper() + text[1:] if is_word else text


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, Component):
        value = value.model_dump() if value.arguments else value.name
    if value is None or isinstance(value, BaseModel) or value in ((), {}):
        return ""
    value = list(value) if isinstance(value, tuple) else value
    return code(
        yaml.safe_dump(value, default_flow_style=True, sort_keys=False)
        .removesuffix("...\n")
        .strip()
    )


# ---------------------------------------------------------------- types in words


def _words(shape: dict[str, Any]) -> str:
    """Say in words which type a JSON schema describes."""
    if "anyOf" in shape:
        words = [_words(each) for each in shape["anyOf"] if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(word for word in words if word))
    if "$ref" in shape:
        name = shape["$ref"].rpartition("/")[2]
        return {"Environment": "", Component.__name__: "component"}.get(name, _SECTION)
    if "enum" in shape or "const" in shape:
        return ", ".join(code(value) for value in shape.get("enum", [shape.get("const")]))
    return _WORDS[shape["type"]](shape) if "type" in shape else "anything"


def _number(shape: dict[str, Any]) -> str:
    low = "".join(
        f" {sign}\N{NO-BREAK SPACE}{shape[key]:g}"
        for key, sign in (("minimum", "≥"), ("exclusiveMinimum", ">"))
        if key in shape
    )
    return ("whole number" if shape["type"] == "integer" else "number") + low


def _array(shape: dict[str, Any]) -> str:
    items = shape.get("prefixItems")
    if items:
        return f"list of {len(items)} {_words(items[0])}s"
    return f"list of {_words(shape.get('items', {}))}"


def _object(shape: dict[str, Any]) -> str:
    values = shape.get("additionalProperties")
    return f"mapping to {_words(values)}" if isinstance(values, dict) else "mapping"


_WORDS = {
    "string": lambda shape: "text",
    "boolean": lambda shape: "`true`, `false`",
    "integer": _number,
    "number": _number,
    "array": _array,
    "object": _object,
}
