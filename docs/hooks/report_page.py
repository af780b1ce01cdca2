"""The reference of a report as JSON, made from its schema."""

from __future__ import annotations

from typing import Any

from tables import code, table

from mtl_search.report.schema import report_schema

_HEAD = """# Report as JSON

What `mtl-search report SWEEP --format json` prints, and `result.report("report.json")` writes. The
schema itself (JSON Schema, draft 2020-12) is printed by `mtl-search schema --report`, and lies in
the package as `mtl_search/report/report.schema.json`.

- `format` is the version of the layout. It is raised when a key is renamed, removed or changes its
  meaning. **New keys and new views do not raise it**: read what you know, and ignore the rest.
- Gains, intervals and Δm are fractions: 0.018 of skill is 1.8 points, 0.018 of Δm is 1.8 %.
- `null` stands for what is missing, and for numbers that are not finite.

```python
import json
from pathlib import Path

report = json.loads(Path("report.json").read_text(encoding="utf-8"))
if report["format"] != 2:
    raise SystemExit("this script reads format 2")
print(report["verdict"]["sentence"])
views = {view["name"]: view for view in report["views"]}
print(views["cost"]["rows"][0])
```

"""
_TYPES = {"null": "null", "object": "mapping", "array": "list"}


def page() -> str:
    """Write the page."""
    schema = report_schema()
    nested = {name: schema["properties"][name] for name in ("sweep", "verdict")}
    sections = [
        _section("Top level", "top", schema),
        *(_section(f"`{name}`", name, part) for name, part in nested.items()),
        *(_section(n.replace("_", " "), _anchor(n), part) for n, part in schema["$defs"].items()),
    ]
    return _HEAD + "".join(sections)


def _section(title: str, anchor: str, part: dict[str, Any]) -> str:
    rows = [
        [code(key), _kind(key, value), _meaning(value)] for key, value in part["properties"].items()
    ]
    rows += [
        [code(pattern), _kind("", value), _meaning(value)]
        for pattern, value in part.get("patternProperties", {}).items()
    ]
    text = "" if title == "Top level" else f"{part.get('description', '')}\n\n"
    return f"## {title} {{ #{anchor} }}\n\n{text}{table(('key', 'type', 'meaning'), rows)}\n"


def _meaning(part: dict[str, Any]) -> str:
    """Return the description of a key, or else that of what it holds."""
    if "description" in part:
        return str(part["description"])
    held = part.get("items", part.get("anyOf", [part])[0])
    name = held.get("$ref", "").rpartition("/")[2]
    return str(report_schema()["$defs"].get(name, {}).get("description", ""))


def _kind(key: str, part: dict[str, Any]) -> str:
    """Write the type of a key, with links to the sections of other types."""
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        kind = f"[{name.replace('_', ' ')}](#{_anchor(name)})"
    elif "anyOf" in part:
        kind = " or ".join(_kind("", option) for option in part["anyOf"])
    elif "const" in part or "enum" in part:
        values = part.get("enum", [part.get("const")])
        kind = ", ".join(code("null" if value is None else str(value)) for value in values)
    elif "properties" in part:
        kind = f"[mapping](#{key})"
    else:
        kind = _plain_kind(part)
    return kind


def _plain_kind(part: dict[str, Any]) -> str:
    names = part["type"] if isinstance(part["type"], list) else [part["type"]]
    kind = " or ".join(_TYPES.get(name, name) for name in names)
    if "items" in part:
        return f"{kind} of {_kind('', part['items'])}"
    if "additionalProperties" in part:
        return f"{kind} to {_kind('', part['additionalProperties'])}"
    return kind


def _anchor(name: str) -> str:
    return f"of-{name.replace('_', '-')}"
