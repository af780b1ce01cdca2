"""Pydantic's validation errors in the words of a `ConfigError`: path, value, what is allowed, nearest name."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from mtl_search.config.base import Component
from mtl_search.errors import ConfigError

_SHOWN = 5
_WORDS = {
    "dict_type": "a mapping is needed",
    "tuple_type": "a list is needed",
    "string_type": "a text is needed",
    "bool_type": "true or false is needed",
    "bool_parsing": "true or false is needed",
    "string_pattern_mismatch": "letters, digits and . _ - are allowed, the first a letter or a digit",
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
    """One `ConfigError` that lists the first few complaints."""
    items = _without_echoes(error.errors(include_url=False))
    unique = _one_a_path(
        [_explain(item, model) for item in items], [item["input"] for item in items]
    )
    if len(unique) == 1:
        return unique[0]
    text = "\n".join(str(problem) for problem in unique[:_SHOWN])
    more = f"\n... and {len(unique) - _SHOWN} more" if len(unique) > _SHOWN else ""
    first = unique[0]
    summary = ConfigError(first.problem, path=first.path)
    summary.args = (f"{len(unique)} problems in the config\n{text}{more}",)
    return summary


def _without_echoes(items: Sequence[Any]) -> list[Any]:
    """Without what only follows from the others: a list whose entries are all wrong is also too short."""
    within = [item["loc"][:-1] for item in items]
    return [item for item in items if not (item["type"] == "too_short" and item["loc"] in within)]


def _one_a_path(problems: list[ConfigError], values: list[object]) -> list[ConfigError]:
    """A value that may be of two kinds is refused once by each: one error, with what the first one would have taken."""
    found: dict[str, ConfigError] = {}
    for problem, value in zip(problems, values, strict=True):
        path = problem.path
        earlier = found.get(path)
        both = earlier and ConfigError(
            problem.problem, path=path, value=value, allowed=earlier.allowed
        )
        found[path] = both or problem
    return list(found.values())


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
    """Something else stands where a section, or a part chosen by name, is needed."""
    if owner is Component:
        message = "a name is needed, or {name: ..., <argument>: ...}"
        if isinstance(value, list) and path[0] == "training":
            message = f"one {message[2:]} (to search among several: search.space.{'.'.join(path)}: {{choice: [...]}})"
        return ConfigError(message, path=".".join(path), value=value)
    fields = [field.alias or name for name, field in owner.model_fields.items()]
    return ConfigError("a mapping is needed", path=".".join(path), value=value, allowed=fields)


def _owner(model: type[BaseModel], keys: list[str]) -> tuple[Any, Any, list[str]]:
    """The model that the last key belongs to, that key's annotation, and the path without pydantic's own union tags."""
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
    """The pydantic models of an annotation: itself, or a member of a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, types.UnionType):
        return [found for part in get_args(annotation) for found in _models_in(part)]
    return []
