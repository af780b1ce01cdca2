"""What the sweep was made of and with: data, versions, devices, seed, sessions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.view import Column, View

_COLUMNS = (
    Column("part", "part", help="Data, versions, devices, or the sweep itself."),
    Column("name", "name", help="The name of the value."),
    Column("value", "value", help="The value, as text."),
    Column("session", "from session", "count", "The first session that had this value."),
)
_NOTE = (
    "Two sweeps with one digest have the same samples, labels, classes and splits. A value that "
    "changed between sessions has one row for each."
)


def provenance(evidence: Evidence) -> View | None:
    """Return data, versions, devices and seed of each session; None in journals of version 0.2."""
    record = evidence.record
    if not record.data and not record.environment:
        return None
    sweep = {"name": record.name, "seed": evidence.config.seed, "sessions": record.sessions}
    rows = [*_rows("sweep", {1: sweep})]
    rows += _rows("data", {n: _data(data) for n, data in record.data_sets.items()})
    versions = {n: dict(seen["versions"]) for n, seen in record.environments.items()}
    devices = {
        n: {"platform": seen["platform"], **seen["devices"]}
        for n, seen in record.environments.items()
    }
    rows += [*_rows("versions", versions), *_rows("devices", devices)]
    about = {"digest": record.data.get("digest", ""), "seed": evidence.config.seed}
    return View(
        "provenance",
        "What the sweep was made with",
        _summary(evidence),
        _COLUMNS,
        rows,
        note=_NOTE,
        about=about,
    )


def _data(data: Mapping[str, Any]) -> dict[str, Any]:
    kinds: dict[str, int] = {}
    for kind in data["targets"].values():
        kinds[kind] = kinds.get(kind, 0) + 1
    targets = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    sizes = {f"{split} samples": f"{size:,}" for split, size in data["splits"].items()}
    return {"name": data["name"], "digest": data["digest"], **sizes, "targets": targets}


def _rows(part: str, by_session: Mapping[int, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield a row for each value, and for each session in which it became another one."""
    names = dict.fromkeys(name for values in by_session.values() for name in values)
    for name in names:
        before: str | None = None
        for session, values in by_session.items():
            value = _text(values.get(name, "none"))
            if value != before:
                yield {"part": part, "name": name, "value": value, "session": session}
            before = value


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _summary(evidence: Evidence) -> str:
    record = evidence.record
    environment = record.environment
    texts = [f"Seed {evidence.config.seed}"]
    if record.data:
        texts.append(f"data {record.data['name']} with digest {record.data['digest']}")
    if environment:
        versions = environment["versions"]
        names = {"mtl_search": "mtl_search", "torch": "torch", "python": "Python"}
        texts += [f"{shown} {versions[name]}" for name, shown in names.items() if name in versions]
    summary = ", ".join(texts) + "."
    changed = [
        name
        for name, seen in (("data", record.data_sets), ("environment", record.environments))
        if len(seen) > 1
    ]
    if changed:
        summary += f" The {' and the '.join(changed)} changed between sessions."
    return summary
