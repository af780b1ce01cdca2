"""The JSON schema of a config, by which editors complete and check YAML while it is written.

Pydantic describes the sections. Added here is what validators accept beside that: a component by
its bare name, one name in place of a list, and `${NAME}` in place of any value. The schema knows
shapes; what only the sweep can know (that a metric fits its head, that a reference is a task) is
left to `mtl-search validate`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.config.base import Component
from mtl_search.config.schema import Config
from mtl_search.config.sections.task import TaskConfig

Schema = dict[str, Any]

_NAME: Schema = {"type": "string"}
_NAMES: Schema = {"type": "array", "items": _NAME}
_WEIGHTS: Schema = {
    "type": "object",
    "additionalProperties": {"type": "number"},
    "minProperties": 1,
}
_POINT: Schema = {"anyOf": [_NAME, _WEIGHTS]}
_COMPONENT: Schema = {"$ref": f"#/$defs/{Component.__name__}"}
_ENVIRONMENT: Schema = {"$ref": "#/$defs/Environment"}

# Dotted path → shapes that the field's validators accept beside the one that pydantic describes.
_SHORT_FORMS: Mapping[str, Sequence[Schema]] = {
    "tasks.<task>.view": [_NAME],
    "tasks.<task>.side_inputs": [_NAME, _NAMES],
    "tasks.<task>.spans": [_NAME],
    "tasks.<task>.metrics": [_NAME],
    "training.optimizer": [{"type": "object", "not": {"required": ["name"]}}],
    "search.arms": [_NAME],
    "search.time_budget": [_NAME],
    "search.initial_points": [_POINT],
}
# What is said of a value rather than of its shape stays outside when shapes are put side by side.
_NOTES = ("description", "default")


def json_schema(names: Mapping[str, Sequence[str]] | None = None) -> Schema:
    """Describe a config as a JSON schema of draft 2020-12.

    Args:
        names: Dotted path of a component or a list of names, such as `tasks.<task>.head` → the
            names that are allowed there beside `module:attribute`. Where a path is left out, any
            name is allowed.
    """
    schema = _without_titles_and_examples(Config.model_json_schema())
    _describe_search(schema)
    # A task of a family may have a section of its own without a head, which a schema cannot tell.
    schema["$defs"][TaskConfig.__name__]["required"].remove("head")
    for path, shapes in _SHORT_FORMS.items():
        _add_shapes(_find(schema, path), shapes)
    _add_shapes(schema["$defs"][Component.__name__], [_NAME])
    schema = _with_environment(schema)
    _find(schema, "search.space")["propertyNames"] = {"pattern": r"^(tasks|model|training)\."}
    for path, allowed in (names or {}).items():
        node = _find(schema, path)
        narrowed = _narrowed(node, _one_of(allowed))
        node.clear()
        node.update(narrowed)
    schema["$defs"]["Environment"] = {
        "type": "string",
        "pattern": r"\$\{",
        "description": "${NAME} or ${NAME:-default}, read from the environment",
    }
    draft = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": draft, "title": "A sweep of mtl-search", **schema}


def _find(schema: Schema, path: str) -> Schema:
    """Find what describes a dotted path, in which `<...>` stands for any key of a mapping."""
    node = schema
    for key in path.split("."):
        node = _resolve(schema, node)
        node = node["additionalProperties"] if key.startswith("<") else node["properties"][key]
    return node


def _resolve(schema: Schema, node: Schema) -> Schema:
    if "$ref" not in node:
        return node
    definition: Schema = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return definition


def _add_shapes(node: Schema, shapes: Sequence[Schema]) -> None:
    """Allow more shapes at a node, in place."""
    shape = {key: node.pop(key) for key in list(node) if key not in _NOTES}
    present = shape["anyOf"] if set(shape) == {"anyOf"} else [shape]
    node["anyOf"] = [*shapes, *present]


def _describe_search(schema: Schema) -> None:
    """Add what validators want of the initial points and of an entry of the space."""
    _find(schema, "search.initial_points")["items"] = _POINT
    kinds = ("float", "log", "int", "choice", "log_ratio")
    schema["$defs"]["SpaceEntry"] |= {
        "oneOf": [{"required": [kind]} for kind in kinds],
        "dependentRequired": {"log_ratio": ["reference"], "reference": ["log_ratio"]},
    }


def _one_of(names: Sequence[str]) -> Schema:
    """Describe one of these names, `module:attribute`, or a name from the environment."""
    return {"type": "string", "anyOf": [{"enum": list(names)}, {"pattern": r":|\$\{"}]}


def _narrowed(node: Any, name: Schema) -> Any:
    """Hold each component, and each bare name, to the names that are allowed."""
    if node == _NAME:
        return name
    if isinstance(node, list):
        return [_narrowed(item, name) for item in node]
    if not isinstance(node, dict):
        return node
    narrowed = {key: _narrowed(value, name) for key, value in node.items()}
    if narrowed.pop("$ref", None) == _COMPONENT["$ref"]:
        mapping = {"type": "object", "properties": {"name": name}, "required": ["name"]}
        narrowed["anyOf"] = [name, mapping]
    return narrowed


def _without_titles_and_examples(node: Any) -> Any:
    """Drop the titles that pydantic makes of keys, and the examples of docstrings.

    A key of the config may itself be called `title` or `description`.
    """
    if isinstance(node, list):
        return [_without_titles_and_examples(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {}
    for key, value in node.items():
        is_text = isinstance(value, str)
        if key == "description" and is_text:
            kept[key] = value.partition("\n\nExample")[0]
        elif key != "title" or not is_text:
            kept[key] = _without_titles_and_examples(value)
    return kept


def _with_environment(node: Any) -> Any:
    """Allow `${NAME}` wherever text is not allowed anyway."""
    if isinstance(node, list):
        return [_with_environment(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") not in ("integer", "number", "boolean") and not {
        "enum",
        "const",
        "pattern",
    } & set(node):
        return {key: _with_environment(value) for key, value in node.items()}
    notes = {key: node[key] for key in _NOTES if key in node}
    shape = {key: value for key, value in node.items() if key not in _NOTES}
    return {**notes, "anyOf": [shape, _ENVIRONMENT]}
