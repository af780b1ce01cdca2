"""What two or more sweeps were told differently, and what they ran on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.analysis.sweeps.sweep import Sweep
from mtl_search.analysis.views.view import Column, View
from mtl_search.config.stored import to_stored

# What a sweep is called and where it is recorded changes no number of it.
_NO_MATTER = ("name", "tracking")


def differing_settings(sweeps: Sequence[Sweep]) -> dict[str, list[Any]]:
    """Return the settings that are not the same in all configs.

    Args:
        sweeps: The sweeps.

    Returns:
        Dotted path → its value in each config; None where a config does not have it.
    """
    flat = [_flattened(to_stored(sweep.evidence.config)) for sweep in sweeps]
    paths = dict.fromkeys(path for settings in flat for path in settings)
    values = {path: [settings.get(path) for settings in flat] for path in paths}
    return {
        path: row
        for path, row in values.items()
        if path.partition(".")[0] not in _NO_MATTER and any(value != row[0] for value in row)
    }


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
        Column("what", "what", help="Setting of the config, data or version of a package."),
        Column("name", "name", help="Dotted path of the setting, or name."),
        *(
            Column(f"sweep_{number}", sweep.label, help=f"What {sweep.label} had; empty: nothing.")
            for number, sweep in enumerate(sweeps, 1)
        ),
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
    sentence = words.get(count, f"{count} settings differ")
    others = [row["name"] for row in rows if row["what"] != "setting"]
    sentence += f"; so do: {', '.join(others)}." if others else "."
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
    return json.dumps(value, ensure_ascii=False)


def _flattened(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return dotted path → value; an entry of the search space is one value."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and prefix != "search.space.":
            flat |= _flattened(value, f"{path}.")
        else:
            flat[path] = value
    return flat
