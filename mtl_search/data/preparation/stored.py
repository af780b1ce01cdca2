"""Preparations as JSON, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mtl_search.data.preparation import PREPARATIONS
from mtl_search.data.preparation.base import Preparation
from mtl_search.errors import DataError, MtlSearchError


def to_stored(preparation: Preparation) -> dict[str, Any]:
    """Return a preparation as plain JSON types, with the name of its class.

    Raises:
        DataError: Other processes cannot import its class, or it gives something else than JSON.
    """
    name = stored_name(type(preparation))
    try:
        fitted = json.loads(json.dumps(preparation.to_json(), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise DataError(
            f"the preparation {name!r} cannot be stored: `to_json` gives no plain JSON ({error})"
        ) from error
    return {"name": name, "fitted": fitted}


def from_stored(tree: Mapping[str, Any]) -> Preparation:
    """Read what `to_stored` returned.

    A class of the user's (`module:Class`) is imported: whoever reads a file of a stranger looks at
    `code_in` before.

    Raises:
        ConfigError: There is no such class.
        DataError: The class cannot read what is stored.
    """
    name = str(tree["name"])
    member: Any = PREPARATIONS.get_member(name, "preparation")
    if not (isinstance(member, type) and issubclass(member, Preparation)):
        raise DataError(
            f"{name!r} is no preparation; a subclass of mtl_search.data.preparation.Preparation is "
            "needed"
        )
    if ":" not in name:
        return member.from_json(tree["fitted"])
    try:
        preparation: Preparation = member.from_json(tree["fitted"])
    except Exception as error:  # user code may raise anything; the cause stays chained
        problem = f"{type(error).__name__}: {error}"
        raise DataError(f"the preparation {name!r} cannot be read ({problem})") from error
    return preparation


def write_preparation(preparation: Preparation, file: Path) -> None:
    """Write a preparation as a JSON file, with a folder of the same name for what it needs.

    Args:
        preparation: The preparation.
        file: The JSON file; the folder beside it has its name without the suffix.

    Raises:
        DataError: The preparation cannot be stored.
    """
    tree = to_stored(preparation)
    file.write_text(json.dumps(tree, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if preparation.has_files:
        write_files(preparation, file.with_suffix(""))


def write_files(preparation: Preparation, folder: Path) -> None:
    """Write the files that a preparation needs beside the JSON.

    Args:
        preparation: The preparation, which `has_files`.
        folder: The folder; it is made where there is none.

    Raises:
        DataError: What it needs is not here.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        preparation.write_files(folder)
    except (MtlSearchError, OSError):
        raise
    except Exception as error:
        if preparation.stored_name:
            raise  # what else one of ours raises is a bug
        raise DataError(
            f"the preparation {stored_name(type(preparation))!r} cannot write its files "
            f"({type(error).__name__}: {error})"
        ) from error


def read_preparation(file: str | Path) -> Preparation:
    """Read what `write_preparation` wrote; it may have been moved since.

    A class of the user's (`module:Class`) is imported.

    Raises:
        ConfigError: There is no such class.
        DataError: The class cannot read what is stored.

    Examples:
        >>> import tempfile
        >>> from mtl_search.data.preparation.arrays import ArraysPreparation, ArrayView
        >>> file = Path(tempfile.mkdtemp()) / "preprocessing.json"
        >>> write_preparation(ArraysPreparation({"x": ArrayView((2,), "float32", 10.0)}), file)
        >>> read_preparation(file).transform({"x": [[1.0, 2.0]]}).inputs["x"].tolist()
        [[0.10000000149011612, 0.20000000298023224]]
    """
    file = Path(file)
    preparation = from_stored(json.loads(file.read_text(encoding="utf-8")))
    folder = file.with_suffix("")
    return preparation.with_files(folder) if preparation.has_files else preparation


def code_in(tree: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield the classes of the user's (`module:Class`) that a stored preparation names."""
    if not isinstance(tree, Mapping):
        return
    name = str(tree.get("name", ""))
    if ":" in name:
        yield name
    fitted = tree.get("fitted")
    parts = fitted.get("sources") if isinstance(fitted, Mapping) and name == "sources" else None
    if isinstance(parts, Mapping):
        for part in parts.values():
            yield from code_in(part)


def stored_name(member: type[Preparation]) -> str:
    """Return the name by which a class is stored.

    Raises:
        DataError: Other processes cannot import it.
    """
    if name := vars(member).get("stored_name"):
        return str(name)
    reference = f"{member.__module__}:{member.__qualname__}"
    if "<locals>" in reference or member.__module__ == "__main__":
        raise DataError(
            f"the preparation {reference} cannot be stored: a class at the top of a module is "
            "needed, so that a process that loads the model can import it"
        )
    return reference
