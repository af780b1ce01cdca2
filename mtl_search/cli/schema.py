"""`mtl-search schema`: the JSON schema of a config with the names of all families; of a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mtl_search.cli.encoding import for_output
from mtl_search.cli.listing import FAMILIES
from mtl_search.config.json_schema import json_schema
from mtl_search.errors import ConfigError
from mtl_search.report.schema import report_schema

# Arguments of one data set, of which the schema of the config knows nothing.
_ARGUMENTS = ("sampling",)


def schema_command(output: Path | None, *, of_report: bool = False) -> None:
    """Print the schema, or write it to a file.

    Args:
        output: The file; None prints it.
        of_report: Whether it is that of a report as JSON, and not of a config.

    Raises:
        ConfigError: The file cannot be written.
    """
    schema = report_schema() if of_report else config_schema()
    text = json.dumps(schema, indent=1, ensure_ascii=False)
    if output is None:
        print(for_output(text, "json"))  # noqa: T201
        return
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        message = f"cannot write the schema: {error}"
        raise ConfigError(message, path="--output", value=str(output)) from None


def config_schema() -> dict[str, Any]:
    """Describe a config with the names of all families."""
    names = {
        family.place: list(family.registry)
        for name, family in FAMILIES.items()
        if name not in _ARGUMENTS
    }
    return json_schema(names)
