"""`mtl-search schema`: the JSON schema of a config, with the names of all families."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import mtl_search
from mtl_search.cli.listing import TABLES
from mtl_search.config.json_schema import json_schema
from mtl_search.errors import ConfigError

# An argument of one data set, which the schema of the config knows nothing of.
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
    places = {family: where for family, (where, *_) in TABLES.items() if family not in _ARGUMENTS}
    return json_schema(
        {where: member_names(*TABLES[family][1:]) for family, where in places.items()}
    )


def member_names(module: str, table: str) -> list[str]:
    """Read the names in a family's table from its source.

    Importing the table would load torch, Ray and more.

    Args:
        module: Module of the table.
        table: Name of the table, an assignment of `Registry(kind, {name: member, ...})`.
    """
    folder = Path(mtl_search.__file__).parent.joinpath(*module.split(".")[1:])
    source = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    for statement in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target) == table:
            assert isinstance(statement.value, ast.Call)
            members = statement.value.args[1]
            assert isinstance(members, ast.Dict)
            return [str(ast.literal_eval(key)) for key in members.keys if key is not None]
    raise AssertionError(f"{module} has no table {table}")
