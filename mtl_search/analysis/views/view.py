"""A view: one question about a sweep, answered by a sentence and one table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mtl_search.analysis.formats import Kind

if TYPE_CHECKING:  # half a second, which a report on the terminal does not need
    import pandas as pd

__all__ = ["Column", "Kind", "View"]


@dataclass(frozen=True)
class Column:
    """One column of a view's table.

    Attributes:
        name: Key of its values in the rows.
        title: What stands above it.
        kind: How its values are written.
        help: What it is, with its unit, in a sentence.
    """

    name: str
    title: str
    kind: Kind = "text"
    help: str = ""


@dataclass(frozen=True)
class View:
    r"""What a report says to one question. Plots, tables and files all show these rows.

    Attributes:
        name: Its name, of small letters and `_`; that of its CSV file.
        title: The question, or its answer, as a headline.
        summary: What the rows show, in one or two sentences that can stand in place of the plot.
        columns: The columns, in order.
        rows: One mapping a row, with the names of the columns as keys; None for what is missing.
        note: How to read it, how it was computed and by what source.
        about: Numbers that belong to no row, such as a hypervolume.

    Examples:
        >>> view = View("cost", "Cost", "One arm.", [Column("arm", "arm")], [{"arm": "equal"}])
        >>> view.csv()
        'arm\r\nequal\r\n'
        >>> view.frame().shape
        (1, 1)
    """

    name: str
    title: str
    summary: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    note: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)

    def frame(self) -> pd.DataFrame:
        """Return the table with the names of its columns."""
        import pandas as pd

        names = [column.name for column in self.columns]
        return pd.DataFrame([[row.get(name) for name in names] for row in self.rows], columns=names)

    def csv(self) -> str:
        """Return the table as CSV (RFC 4180) with all digits; what is missing is empty."""
        text = io.StringIO()
        names = [column.name for column in self.columns]
        writer = csv.DictWriter(text, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue()
