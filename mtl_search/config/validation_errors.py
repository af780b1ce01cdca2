"""Pydantic's validation errors as a `ConfigError`: path, value, what is allowed, nearest name."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from mtl_search.config.base import Component
from mtl_search.errors import ConfigError

_MAX_ERRORS_SHOWN = 5
_WORDS = {
    "dict_type": "a mapping is needed",
    "tuple_type": "a list is needed",
    "string_type": "a text is needed",
    "bool_type": "true or false is needed",
    "bool_parsing": "true or false is needed",
    "string_pattern_mismatch": (
        "letters, digits and . _ - are allowed, the first a letter or a digit"
    ),
    "int_type": "a whole number is needed",
    "int_parsing": "a whole number is needed",
    "int_from_float": "a whole number is needed",
    "float_type": "a number is needed",
    "float_parsing": "a number is needed",
    "finite_number": "a finite number is needed",
    "greater_than": "a number above {gt:g} is needed",
    "greater_than_equal": "at least {ge:g} is needed",
    "less_than": "a number below {lt:g} is needed",
    "less_than_equal": "at most {le:g} is needed",
    "too_short": "at least {min_length} is needed",
}


def translate(error: ValidationError, model: type[BaseModel]) -> ConfigError:
    """Return one `ConfigError` that lists the first few complaints.

    Args:
        error: Pydantic's error.
        model: The model that refused the values.
    """
    items = _without_consequences(error.errors(include_url=False))
    explained = [_explain(item, model) for item in items]
    errors = _merge_by_path(explained, [item["input"] for item in items])
    if len(errors) == 1:
        return errors[0]
    text = "\n".join(str(problem) for problem in errors[:_MAX_ERRORS_SHOWN])
    hidden = len(errors) - _MAX_ERRORS_SHOWN
    if hidden > 0:
        text += f"\n... and {hidden} more"
    summary = ConfigError(errors[0].problem, path=errors[0].path)
    summary.args = (f"{len(errors)} problems in the config\n{text}",)
    return summary


def _without_consequences(items: Sequence[Any]) -> list[Any]:
    """Drop errors that follow from others: a list whose entries are all wrong is too short."""
    within = [item["loc"][:-1] for item in items]
    return [item for item in items if not (item["type"] == "too_short" and item["loc"] in within)]


def _merge_by_path(errors: list[ConfigError], values: list[object]) -> list[ConfigError]:
    """Merge the errors of one value: one that may be of two kinds is refused once by each.

    What remains is the last message, with what the first error said is allowed.
    """
    by_path: dict[str, ConfigError] = {}
    for error, value in zip(errors, values, strict=True):
        path = error.path
        if path in by_path:
            allowed = by_path[path].allowed
            by_path[path] = ConfigError(error.problem, path=path, value=value, allowed=allowed)
        else:
            by_path[path] = error
    return list(by_path.values())


def _explain(item: Mapping[str, Any], model: type[BaseModel]) -> ConfigError:
    keys = [str(key) for key in item["loc"]]
    owner, annotation, path = _owner(model, keys)
    if item["type"] == "extra_forbidden":
        fields = [field.alias or name for name, field in owner.model_fields.items()]
        return ConfigError("unknown key", path=".".join(path), allowed=fields)
    if item["type"] == "missing":
        field = owner.model_fields.get(keys[-1]) if owner else None
        described = f" ({field.description})" if field is not None and field.description else ""
        return ConfigError(f"this key is required{described}", path=".".join(path))
    if item["type"] == "literal_error":
        allowed = [
            word.strip("' ") for word in item["ctx"]["expected"].replace(" or ", ",").split(",")
        ]
        return ConfigError(
            "not one of the allowed values",
            path=".".join(path),
            value=item["input"],
            allowed=allowed,
        )
    if item["type"] in ("model_type", "model_attributes_type"):
        return _not_a_section(_models_in(annotation)[0], path, item["input"])
    words = _WORDS.get(item["type"])
    message = (
        words.format(**item.get("ctx", {})) if words else item["msg"].removeprefix("Value error, ")
    )
    return ConfigError(message, path=".".join(path), value=item["input"])


def _not_a_section(owner: type[BaseModel], path: list[str], value: object) -> ConfigError:
    """Explain that a section, or a part chosen by name, is needed in place of a value."""
    if owner is Component:
        message = "a name is needed, or {name: ..., <argument>: ...}"
        if isinstance(value, list) and path[0] == "training":
            searched = f"search.space.{'.'.join(path)}: {{choice: [...]}}"
            message = f"one {message[2:]} (to search among several: {searched})"
        return ConfigError(message, path=".".join(path), value=value)
    fields = [field.alias or name for name, field in owner.model_fields.items()]
    return ConfigError("a mapping is needed", path=".".join(path), value=value, allowed=fields)


def _owner(model: type[BaseModel], keys: list[str]) -> tuple[Any, Any, list[str]]:
    """Find the model that the last key belongs to, that key's annotation, and its path.

    The path is without the tags that pydantic adds for the members of unions.
    """
    owner: Any = model
    current: Any = model
    path: list[str] = []
    for key in keys:
        models = _models_in(current)
        if models and isinstance(models[0], type):
            owner = models[0]
            field = next((f for n, f in owner.model_fields.items() if key in (n, f.alias)), None)
            path.append(key)
            current = field.annotation if field is not None else None
        elif get_origin(current) is dict:
            path.append(key)
            current = get_args(current)[1]
        elif key.isdigit() or current is None:
            path.append(key)
    return owner, current, path


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the pydantic models of an annotation: itself, or the members of a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, types.UnionType):
        return [model for member in get_args(annotation) for model in _models_in(member)]
    return []
