"""Pydantic's validation errors in the words of a `ConfigError`: path, value, what is allowed, nearest name."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from mtl_search.errors import ConfigError

_SHOWN = 5


def translate(error: ValidationError, model: type[BaseModel]) -> ConfigError:
    """One `ConfigError` that lists the first few complaints."""
    problems = [_explain(item, model) for item in error.errors(include_url=False)]
    unique = list({problem.path: problem for problem in problems}.values())
    if len(unique) == 1:
        return unique[0]
    text = "\n".join(str(problem) for problem in unique[:_SHOWN])
    more = f"\n... and {len(unique) - _SHOWN} more" if len(unique) > _SHOWN else ""
    first = unique[0]
    summary = ConfigError(first.problem, path=first.path)
    summary.args = (f"{len(unique)} problems in the config\n{text}{more}",)
    return summary


def _explain(item: Mapping[str, Any], model: type[BaseModel]) -> ConfigError:
    keys = [str(key) for key in item["loc"]]
    owner, path = _owner(model, keys)
    if item["type"] == "extra_forbidden":
        fields = [field.alias or name for name, field in owner.model_fields.items()]
        return ConfigError("unknown key", path=".".join(path), allowed=fields)
    if item["type"] == "missing":
        field = owner.model_fields.get(keys[-1]) if owner else None
        described = f" ({field.description})" if field is not None and field.description else ""
        return ConfigError(f"this key is required{described}", path=".".join(path))
    if item["type"] == "literal_error":
        allowed = [word.strip("' ") for word in item["ctx"]["expected"].replace(" or ", ",").split(",")]
        return ConfigError("not one of the allowed values", path=".".join(path), value=item["input"], allowed=allowed)
    return ConfigError(item["msg"].removeprefix("Value error, "), path=".".join(path), value=item["input"])


def _owner(model: type[BaseModel], keys: list[str]) -> tuple[Any, list[str]]:
    """The model that the last key belongs to, and the path without pydantic's own union tags."""
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
    return owner, path


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """The pydantic models of an annotation: itself, or a member of a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, types.UnionType):
        return [found for part in get_args(annotation) for found in _models_in(part)]
    return []
