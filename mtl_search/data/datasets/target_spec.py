"""Arguments of data sets as a config gives them: any YAML value at all, so each is checked before use.

Every function takes the argument's name and value, returns the value in its proper type, and raises a `ConfigError`
whose path is `data.<name>`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mtl_search.config.section import Member
from mtl_search.data.dataset import SPLITS, TargetKind
from mtl_search.errors import ConfigError


def wrong(name: str, message: str, value: object, allowed: Iterable[str] = ()) -> ConfigError:
    """The error for a wrong value of an argument."""
    return ConfigError(message, path=f"data.{name}", value=value, allowed=allowed)


def whole(name: str, value: object, low: int) -> int:
    """A whole number of at least `low`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise wrong(name, f"a whole number of at least {low} is needed", value)
    return value


def positive(name: str, value: object) -> float:
    """A finite number above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise wrong(name, "a number above 0 is needed", value)
    return float(value)


def text(name: str, value: object) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise wrong(name, "a text is needed", value)
    return value


def names(name: str, value: object) -> tuple[str, ...]:
    """A list of different names; one name stands for a list of one."""
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not listed or not all(isinstance(item, str) for item in listed):
        raise wrong(name, "a list of names is needed", value)
    if len(set(listed)) < len(listed):
        raise wrong(name, "a name is given twice", value)
    return tuple(listed)


def mapping(name: str, value: object) -> dict[str, Any]:
    """A mapping with at least one key, all of them texts."""
    if not isinstance(value, Mapping) or not value or not all(isinstance(key, str) for key in value):
        raise wrong(name, "a mapping from names is needed", value)
    return dict(value)


def member(name: str, value: object) -> Member:
    """A part chosen by name: `name`, or `{name: ..., <argument>: ...}`."""
    tree = {"name": value} if isinstance(value, str) else value
    if not isinstance(tree, Mapping) or not isinstance(tree.get("name"), str) or not tree["name"]:
        raise wrong(name, "a name is needed, or {name: ..., <argument>: ...}", value)
    return Member.model_validate(mapping(name, tree))


def known(name: str, value: str, allowed: Iterable[str], what: str) -> str:
    """One of the allowed names; `what` says what kind of thing they are."""
    listed = [str(item) for item in allowed]
    if value not in listed:
        raise wrong(name, f"there is no {what} of this name", value, listed)
    return value


def fractions(name: str, value: object) -> dict[str, float]:
    """Parts of train, validation and test, as a list of three numbers or by name; each above 0, 1 in all."""
    if isinstance(value, Mapping):
        for key in value:
            known(f"{name}.{key}", str(key), SPLITS, "split")
        parts: list[Any] = [value.get(split) for split in SPLITS]
    else:
        parts = list(value) if isinstance(value, list | tuple) else []
    if len(parts) != len(SPLITS) or not all(isinstance(p, int | float) and not isinstance(p, bool) for p in parts):
        raise wrong(name, f"three numbers are needed, the parts of {', '.join(SPLITS)}", value)
    if not all(0 < part < 1 for part in parts):
        raise wrong(name, "every part must be above 0 and below 1", value)
    if abs(sum(parts) - 1) > 1e-6:
        raise wrong(name, f"the parts must sum to 1; they sum to {sum(parts):g}", value)
    return dict(zip(SPLITS, map(float, parts), strict=True))


@dataclass(frozen=True)
class TargetSpec:
    """What the config says of one target.

    Attributes:
        kind: Kind of the target.
        sources: The column (or columns, for multilabel) of a table, or the key of an array.
        positive: For a binary target of a table, the value of the column that counts as 1, all others as 0.
    """

    kind: TargetKind
    sources: tuple[str, ...]
    positive: str | None = None


def targets(value: object, kinds: tuple[TargetKind, ...], source: str) -> dict[str, TargetSpec]:
    """Target name → what it is, from `name: kind` or `name: {kind: ..., <source>: ...}`.

    Args:
        value: What the config has under `data.targets`.
        kinds: Kinds that this data set can give.
        source: `column` or `key`; with `column`, multilabel targets name their `columns`.
    """
    return {name: _target(name, item, kinds, source) for name, item in mapping("targets", value).items()}


def _target(name: str, value: object, kinds: tuple[TargetKind, ...], source: str) -> TargetSpec:
    path = f"targets.{name}"
    spec = {"kind": value} if isinstance(value, str) else mapping(path, value)
    allowed = ("kind", source, "columns", "positive") if source == "column" else ("kind", source)
    for key in spec:
        if key not in allowed:
            raise ConfigError("unknown key", path=f"data.{path}.{key}", allowed=allowed)
    if "kind" not in spec:
        raise ConfigError("the kind of the target is needed", path=f"data.{path}.kind", allowed=kinds)
    wanted = text(f"{path}.kind", spec["kind"])
    kind = next((kind for kind in kinds if kind == wanted), None)
    if kind is None:
        raise wrong(f"{path}.kind", "there is no kind of target of this name", wanted, kinds)
    if source == "column" and kind == "multilabel":
        if "columns" not in spec or source in spec:
            raise wrong(path, "a multilabel target needs `columns`, one a label", value)
        return TargetSpec(kind, names(f"{path}.columns", spec["columns"]))
    if "columns" in spec:
        raise wrong(f"{path}.columns", f"only a multilabel target has several columns; this one is {kind}", value)
    positive = spec.get("positive")
    if positive is not None and kind != "binary":
        raise wrong(f"{path}.positive", f"only a binary target has a positive value; this one is {kind}", positive)
    chosen = None if positive is None else _cell(f"{path}.positive", positive)
    return TargetSpec(kind, (text(f"{path}.{source}", spec.get(source, name)),), chosen)


def _cell(name: str, value: object) -> str:
    """A value of a column, as its text; YAML makes a truth of an unquoted yes."""
    if isinstance(value, bool):
        raise wrong(name, "this is to be in quotes, as the file has it ('yes', 'true')", value)
    return str(value) if isinstance(value, int | float) else text(name, value)
