"""How a CSV is written: its separator, decimal mark, missing values, names and encoding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtl_search.config.checks import check_choice, check_names, check_text
from mtl_search.data.readers.cells import plain_text
from mtl_search.errors import ConfigError


@dataclass(frozen=True)
class CsvFormat:
    """How a CSV is written; `of` makes it from the arguments of a data set.

    Attributes:
        separator: The text between cells; None: comma, or tab in a `.tsv`.
        decimal: The decimal mark, a point or a comma.
        missing: Texts that mean a missing value, beside those that pandas knows.
        names: The names of the columns, for a file without a header line, which may then have any
            suffix. A first line most of whose cells are these names is a header all the same.
        encoding: How its characters are written, such as `utf-8`, `latin-1` or `utf-16`.
    """

    separator: str | None = None
    decimal: str = "."
    missing: tuple[str, ...] = ()
    names: tuple[str, ...] | None = None
    encoding: str = "utf-8"

    @classmethod
    def of(
        cls,
        *,
        separator: object,
        decimal: object,
        missing: object,
        names: object = None,
        encoding: object = "utf-8",
    ) -> CsvFormat:
        """Check the arguments of a data set, whose names these are.

        Raises:
            ConfigError: One of them is wrong.
        """
        return cls(
            None if separator is None else check_text(separator, "data.separator"),
            check_choice(str(decimal), "data.decimal", (".", ","), "mark"),
            () if missing in ([], ()) else check_names(missing, "data.missing"),
            None if names is None else tuple(map(plain_text, check_names(names, "data.names"))),
            _check_encoding(encoding),
        )

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> CsvFormat:
        """Read the attributes from JSON, which has lists in place of tuples."""
        attributes: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in tree.items()
        }
        return cls(**attributes)


def _check_encoding(value: object) -> str:
    encoding = check_text(value, "data.encoding")
    try:
        "a".encode(encoding).decode(encoding)
    except (LookupError, ValueError):
        raise ConfigError(
            "there is no text encoding of this name",
            path="data.encoding",
            value=value,
            allowed=("utf-8", "utf-16", "latin-1", "cp1252", "cp1251", "shift_jis", "gb18030"),
        ) from None
    return encoding
