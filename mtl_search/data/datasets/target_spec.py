"""Arguments of data sets as a config gives them: any YAML value at all, so each is checked before use.

Every function takes the argument's name and value, returns the value in its proper type, and raises a `ConfigError`
whose path is `data.<name>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtl_search.config.checks import check_choice, check_mapping, check_names, check_text
from mtl_search.data.types import SPLITS, TargetKind
from mtl_search.errors import ConfigError


def fractions(name: str, value: object) -> dict[str, float]:
    """Parts of train, validation and test, as a list of three numbers or by name; each above 0, 1 in all."""
    if isinstance(value, Mapping):
        for key in value:
            check_choice(str(key), f"data.{name}.{key}", SPLITS, "split")
        parts: list[Any] = [value.get(split) for split in SPLITS]
    else:
        parts = list(value) if isinstance(value, list | tuple) else []
    if len(parts) != len(SPLITS) or not all(
        isinstance(p, int | float) and not isinstance(p, bool) for p in parts
    ):
        raise ConfigError(
            f"three numbers are needed, the parts of {', '.join(SPLITS)}",
            path=f"data.{name}",
            value=value,
        )
    if not all(0 < part < 1 for part in parts):
        raise ConfigError(
            "every part must be above 0 and below 1", path=f"data.{name}", value=value
        )
    if abs(sum(parts) - 1) > 1e-6:
        raise ConfigError(
            f"the parts must sum to 1; they sum to {sum(parts):g}", path=f"data.{name}", value=value
        )
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
    return {
        name: _target(name, item, kinds, source)
        for name, item in check_mapping(value, "data.targets").items()
    }


def _target(name: str, value: object, kinds: tuple[TargetKind, ...], source: str) -> TargetSpec:
    path = f"targets.{name}"
    spec = {"kind": value} if isinstance(value, str) else check_mapping(value, f"data.{path}")
    allowed = ("kind", source, "columns", "positive") if source == "column" else ("kind", source)
    for key in spec:
        if key not in allowed:
            raise ConfigError("unknown key", path=f"data.{path}.{key}", allowed=allowed)
    if "kind" not in spec:
        raise ConfigError(
            "the kind of the target is needed", path=f"data.{path}.kind", allowed=kinds
        )
    wanted = check_text(spec["kind"], f"data.{path}.kind")
    kind = next((kind for kind in kinds if kind == wanted), None)
    if kind is None:
        raise ConfigError(
            "there is no kind of target of this name",
            path=f"data.{path}.kind",
            value=wanted,
            allowed=kinds,
        )
    if source == "column" and kind == "multilabel":
        if "columns" not in spec or source in spec:
            raise ConfigError(
                "a multilabel target needs `columns`, one a label", path=f"data.{path}", value=value
            )
        return TargetSpec(kind, check_names(spec["columns"], f"data.{path}.columns"))
    if "columns" in spec:
        raise ConfigError(
            f"only a multilabel target has several columns; this one is {kind}",
            path=f"data.{path}.columns",
            value=value,
        )
    positive = spec.get("positive")
    if positive is not None and kind != "binary":
        raise ConfigError(
            f"only a binary target has a positive value; this one is {kind}",
            path=f"data.{path}.positive",
            value=positive,
        )
    chosen = None if positive is None else _cell(f"{path}.positive", positive)
    return TargetSpec(kind, (check_text(spec.get(source, name), f"data.{path}.{source}"),), chosen)


def _cell(name: str, value: object) -> str:
    """A value of a column, as its text; YAML makes a truth of an unquoted yes."""
    if isinstance(value, bool):
        raise ConfigError(
            "this is to be in quotes, as the file has it ('yes', 'true')",
            path=f"data.{name}",
            value=value,
        )
    return str(value) if isinstance(value, int | float) else check_text(value, f"data.{name}")
