"""What a config says of the targets of a data set.

A config may hold any YAML value at all, so each one is checked before it is used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from mtl_search.config.checks import check_choice, check_mapping, check_names, check_text
from mtl_search.config.families.patterns import check_found, is_pattern, members
from mtl_search.data.readers.cells import category_text, plain_text
from mtl_search.data.types import TargetKind
from mtl_search.errors import ConfigError


@dataclass(frozen=True)
class TargetSpec:
    """What the config says of one target.

    Attributes:
        kind: The kind of the target.
        sources: The column of a table (several for multilabel), or the key of an array.
        positive: The label that counts as 1 in a binary target; all others are 0.
        missing: The labels that count as missing beside empty ones; None: those that do by
            convention.
    """

    kind: TargetKind
    sources: tuple[str, ...]
    positive: str | None = None
    missing: tuple[str, ...] | None = None


def target_specs(
    value: object, kinds: tuple[TargetKind, ...], source: str
) -> dict[str, TargetSpec]:
    """Read the targets of a config: `name: kind`, or `name: {kind: ..., <source>: ...}`.

    Args:
        value: The value of `data.targets`.
        kinds: The kinds of target that the data set offers.
        source: `column` or `key`; with `column`, multilabel targets name their `columns`.

    Returns:
        Target name → its specification.

    Raises:
        ConfigError: A target is not described in this way; the path names its key.
    """
    targets = check_mapping(value, "data.targets")
    return {name: _target_spec(name, target, kinds, source) for name, target in targets.items()}


def with_all_targets(
    specs: Mapping[str, TargetSpec], names: Iterable[str], reserved: Collection[str | None] = ()
) -> dict[str, TargetSpec]:
    """Return specifications without patterns: one for each column, or key, that a pattern matches.

    What another target reads, or the config reserves, belongs to no pattern; a target's own name
    beats patterns, and of several patterns the one with the most characters beside `*` counts.

    Args:
        specs: Target name or pattern → its specification.
        names: The columns of a table, or the keys of arrays.
        reserved: Columns that are no targets.

    Raises:
        ConfigError: A pattern matches none of them.
    """
    patterns = [name for name, spec in specs.items() if _is_family(name, spec)]
    if not patterns:
        return dict(specs)
    names = list(names)
    patterns = [pattern for pattern in patterns if pattern not in names]
    taken: set[str | None] = {
        source for name, spec in specs.items() if name not in patterns for source in spec.sources
    }
    taken |= {*specs, *reserved}
    free = [name for name in names if name not in taken]
    found = members(patterns, free)
    expanded: dict[str, TargetSpec] = {}
    for name, spec in specs.items():
        if name not in patterns:
            expanded[name] = spec
            continue
        check_found(found[name], name, f"data.targets.{name}", "columns", free)
        expanded.update({member: replace(spec, sources=(member,)) for member in found[name]})
    return expanded


def _is_family(name: str, spec: TargetSpec) -> bool:
    """Return whether a target stands for many: it is a pattern and names no column of its own."""
    return is_pattern(name) and spec.sources == (plain_text(name),)


def _target_spec(
    name: str, value: object, kinds: tuple[TargetKind, ...], source: str
) -> TargetSpec:
    path = f"data.targets.{name}"
    spec, kind = _kind_of(value, path, kinds, source)
    missing = _missing(kind, spec, path)
    if source == "column" and kind == "multilabel":
        if "columns" not in spec or source in spec:
            raise ConfigError(
                "a multilabel target needs `columns`, one a label", path=path, value=value
            )
        columns = [plain_text(column) for column in check_names(spec["columns"], f"{path}.columns")]
        return TargetSpec(kind, check_names(columns, f"{path}.columns"))
    if "columns" in spec:
        raise ConfigError(
            f"only a multilabel target has several columns; this one is {kind}",
            path=f"{path}.columns",
            value=value,
        )
    positive = spec.get("positive")
    if positive is not None:
        positive = _cell_text(kind, positive, f"{path}.positive")
    place = check_text(spec.get(source, name), f"{path}.{source}")
    if source == "column":
        place = plain_text(place)
    return TargetSpec(kind, (place,), positive, missing)


def _kind_of(
    value: object, path: str, kinds: tuple[TargetKind, ...], source: str
) -> tuple[dict[str, Any], TargetKind]:
    """Return the keys of a target, which are checked, and its kind."""
    spec = {"kind": value} if isinstance(value, str) else check_mapping(value, path)
    allowed = ["kind", source, "missing", "positive"]
    if source == "column":
        allowed.append("columns")
    for key in spec:
        if key not in allowed:
            raise ConfigError("unknown key", path=f"{path}.{key}", allowed=allowed)
    if "positive" in spec:
        spec.setdefault("kind", "binary")
    if "kind" not in spec:
        raise ConfigError("the kind of the target is needed", path=f"{path}.kind", allowed=kinds)
    name = check_text(spec["kind"], f"{path}.kind")
    return spec, cast(TargetKind, check_choice(name, f"{path}.kind", kinds, "kind of target"))


def _missing(kind: TargetKind, spec: Mapping[str, object], path: str) -> tuple[str, ...] | None:
    """Return the labels that count as missing; None where the config does not say."""
    if "missing" not in spec:
        return None
    path, value = f"{path}.missing", spec["missing"]
    if kind not in ("class", "binary", "tags"):
        message = "only class, tags and binary targets can say what is missing"
        raise ConfigError(message, path=path, value=value)
    if not isinstance(value, list | tuple) or not all(
        isinstance(label, str | int | float) and not isinstance(label, bool) for label in value
    ):
        message = "a list of labels is needed, such as [-1, '?'], or [] if each one is a class"
        raise ConfigError(message, path=path, value=value)
    return tuple(map(category_text, value))


def _cell_text(kind: TargetKind, value: object, path: str) -> str:
    """Return the positive value of a binary target as the text of a cell."""
    if kind != "binary":
        raise ConfigError(
            f"only a binary target has a positive value; this one is {kind}", path=path, value=value
        )
    # YAML reads an unquoted yes as a truth value, and what the file has is then not known.
    if isinstance(value, bool):
        raise ConfigError(
            "this is to be in quotes, as the file has it ('yes', 'true')", path=path, value=value
        )
    return category_text(value if isinstance(value, int | float) else check_text(value, path))
