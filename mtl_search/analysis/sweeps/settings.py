"""What two or more sweeps were told differently, and what they ran on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from mtl_search.analysis.sweeps.sweep import Sweep
from mtl_search.analysis.views.view import Column, View
from mtl_search.config.stored import to_stored

# What a sweep is called and where it is recorded changes no number of it.
_NO_MATTER = ("name", "tracking")


def differing_settings(sweeps: Sequence[Sweep]) -> dict[str, list[Any]]:
    """Return the settings that are not the same in all configs.

    What only some configs have, and components of different names, are one setting as a whole.

    Args:
        sweeps: The sweeps.

    Returns:
        Dotted path → its value in each config; None where a config does not have it.
    """
    trees = []
    for sweep in sweeps:
        tree = to_stored(sweep.evidence.config)
        trees.append({key: value for key, value in tree.items() if key not in _NO_MATTER})
    return dict(_differing("", trees))


def settings(sweeps: Sequence[Sweep]) -> View:
    """Return the settings that differ, the data, and the versions, one column a sweep.

    Args:
        sweeps: The sweeps.
    """
    differing = differing_settings(sweeps)
    rows = [_row("setting", path, values) for path, values in differing.items()]
    rows += [_row("data", name, v) for name, v in _data(sweeps).items() if _differ(v)]
    packages = dict.fromkeys(package for sweep in sweeps for package in sweep.versions)
    versions = {name: [sweep.versions.get(name) for sweep in sweeps] for name in packages}
    rows += [_row("version", name, values) for name, values in versions.items() if _differ(values)]
    columns = [
        Column("name", "name", help="Dotted path of the setting, or what else it is."),
        *(
            Column(f"sweep_{number}", sweep.label, help=f"What {sweep.label} had; empty: nothing.")
            for number, sweep in enumerate(sweeps, 1)
        ),
        Column("what", "kind", help="Setting of the config, data, or version of a package."),
    ]
    return View(
        "settings",
        "Settings that differ",
        _summary(sweeps, len(differing), rows),
        columns,
        rows,
        note="Names and the tracking of a sweep change none of its numbers, and are left out.",
    )


def _summary(sweeps: Sequence[Sweep], count: int, rows: Sequence[Mapping[str, Any]]) -> str:
    words = {0: "All settings are the same", 1: "One setting differs"}
    sentence = f"{words.get(count, f'{count} settings differ')}."
    others = [row["name"] for row in rows if row["what"] != "setting"]
    if others:
        sentence += f" Not the same: {', '.join(others)}."
    unknown = [sweep.label for sweep in sweeps if not sweep.data]
    if unknown:
        sentence += f" Not recorded: digest of the data and versions of {', '.join(unknown)}."
    return sentence


def _data(sweeps: Sequence[Sweep]) -> dict[str, list[Any]]:
    known = [sweep.data for sweep in sweeps]
    splits = dict.fromkeys(split for data in known for split in data.get("splits", {}))
    sizes = {f"samples of {s}": [data.get("splits", {}).get(s) for data in known] for s in splits}
    return {"digest": [data.get("digest") for data in known], **sizes}


def _differ(values: Sequence[Any]) -> bool:
    known = [value for value in values if value is not None]
    return any(value != known[0] for value in known)


def _row(what: str, name: str, values: Sequence[Any]) -> dict[str, Any]:
    cells = {f"sweep_{number}": _text(value) for number, value in enumerate(values, 1)}
    return {"what": what, "name": name, **cells}


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    text = yaml.safe_dump(value, default_flow_style=True, width=math.inf, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def _differing(path: str, values: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Yield path and values of what differs, as deep as all have the same structure."""
    if all(value == values[0] for value in values):
        return
    if not _are_alike(path, values):
        yield path, list(values)
        return
    for key in dict.fromkeys(key for value in values for key in value):
        below = f"{path}.{key}" if path else key
        yield from _differing(below, [value.get(key) for value in values])


def _are_alike(path: str, values: Sequence[Any]) -> bool:
    """Return whether values are mappings of the same kind, an entry of the space apart."""
    if path.startswith("search.space.") or not all(isinstance(v, Mapping) for v in values):
        return False
    return not path or len({value.get("name") for value in values}) == 1
