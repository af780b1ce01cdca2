"""What a config says of the targets of a data set.

A config may hold any YAML value at all, so each one is checked before it is used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import cast

from mtl_search.config.checks import check_choice, check_mapping, check_names, check_text
from mtl_search.config.families.patterns import check_found, is_pattern, members
from mtl_search.data.readers.cells import category_text
from mtl_search.data.types import TargetKind
from mtl_search.errors import ConfigError


@dataclass(frozen=True)
class TargetSpec:
    """What the config says of one target.

    Attributes:
        kind: The kind of the target.
        sources: The column of a table (several for multilabel), or the key of an array.
        positive: The cell that counts as 1 in a binary target of a table; all others are 0.
        missing: The labels that count as missing beside empty ones; None: -1, and of tags -100.
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
    return is_pattern(name) and spec.sources == (name,)


def _target_spec(
    name: str, value: object, kinds: tuple[TargetKind, ...], source: str
) -> TargetSpec:
    path = f"data.targets.{name}"
    spec = {"kind": value} if isinstance(value, str) else check_mapping(value, path)
    allowed = ["kind", source, "missing"]
    if source == "column":
        allowed += ["columns", "positive"]
    for key in spec:
        if key not in allowed:
            raise ConfigError("unknown key", path=f"{path}.{key}", allowed=allowed)
    if "kind" not in spec:
        raise ConfigError("the kind of the target is needed", path=f"{path}.kind", allowed=kinds)
    name_of_kind = check_text(spec["kind"], f"{path}.kind")
    kind = cast(TargetKind, check_choice(name_of_kind, f"{path}.kind", kinds, "kind of target"))
    missing = _missing(kind, spec, path)
    if source == "column" and kind == "multilabel":
        if "columns" not in spec or source in spec:
            raise ConfigError(
                "a multilabel target needs `columns`, one a label", path=path, value=value
            )
        return TargetSpec(kind, check_names(spec["columns"], f"{path}.columns"))
    if "columns" in spec:
        raise ConfigError(
            f"only a multilabel target has several columns; this one is {kind}",
            path=f"{path}.columns",
            value=value,
        )
    positive = spec.get("positive")
    if positive is not None:
        positive = _cell_text(kind, positive, f"{path}.positive")
    sources = (check_text(spec.get(source, name), f"{path}.{source}"),)
    return TargetSpec(kind, sources, positive, missing)


def _missing(kind: TargetKind, spec: Mapping[str, object], path: str) -> tuple[str, ...] | None:
    """Return the labels that count as missing; None where the config does not say."""
    if "missing" not in spec:
        return None
    path, value = f"{path}.missing", spec["missing"]
    if kind not in ("class", "binary", "tags") or spec.get("positive") is not None:
        message = "only class, tags and binary targets without `positive` can say what is missing"
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
    return str(value) if isinstance(value, int | float) else check_text(value, path)
