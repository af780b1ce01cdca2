"""`mtl-search schema`: the JSON schema of a config, with the names of all families."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mtl_search.cli.listing import FAMILIES
from mtl_search.config.json_schema import json_schema
from mtl_search.errors import ConfigError

# Arguments of one data set, of which the schema of the config knows nothing.
_ARGUMENTS = ("sampling",)


def schema_command(output: Path | None) -> None:
    """Print the schema, or write it to a file.

    Args:
        output: The file; None prints it.

    Raises:
        ConfigError: The file cannot be written.
    """
    text = json.dumps(config_schema(), indent=1, ensure_ascii=False)
    if output is None:
        print(text)  # noqa: T201
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
