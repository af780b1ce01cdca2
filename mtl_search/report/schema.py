"""The JSON schema of a report, for programs that read one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("report.schema.json")


def report_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of what `to_json` gives.

    New keys do not raise the version, so nothing in it forbids further ones.

    Examples:
        >>> report_schema()["properties"]["format"]["const"]
        2
    """
    schema: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return schema
