"""Rows of a table → the view `table`, by the columns that training has fitted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from mtl_search.data.preparation.base import Field, Preparation, Prepared, check_finite
from mtl_search.data.preprocessing.column_types import Categorical, Numeric
from mtl_search.data.preprocessing.columns import TableEncoder
from mtl_search.data.readers import cells
from mtl_search.data.readers.csv_format import CsvFormat
from mtl_search.data.readers.table_batches import read_batches, without_missing_texts
from mtl_search.data.readers.tables import with_points
from mtl_search.errors import DataError, nearest, short

if TYPE_CHECKING:
    import pandas as pd

_MAX_LISTED = 8
# In standard deviations of training: where half of the values are beyond, they are no such numbers.
_FAR = 10.0
# Of the table of float32 that is prepared at once: 8 MB.
_MOST_ROWS = 65536
_MOST_CELLS = 2**21


@dataclass(frozen=True)
class TablePreparation(Preparation):
    """The columns of a table and how each is encoded.

    A row is a row of a data frame, a mapping of columns, a list of mappings or an array whose
    columns are in the order of training. Columns are found by their names, in any order, and
    further ones are ignored. A category that training did not see counts as `other`, as it did in
    training, and is reported.

    Attributes:
        encoder: The fitted columns.
        csv: How the CSV was written that training read; that of prediction is written alike.
        is_text: Whether training read a CSV, in which texts such as `NA` mean that there is none.
    """

    encoder: TableEncoder
    csv: CsvFormat
    is_text: bool = True

    stored_name: ClassVar[str] = "table"

    @property
    def chunk(self) -> int:  # type: ignore[override]  # of others it is the same for all
        """The least number of rows that are prepared at once.

        pandas takes about as long for a few rows of a column as for a thousand.
        """
        return max(512, min(_MOST_ROWS, _MOST_CELLS // max(self.encoder.width, 1)))

    def transform(self, raw: Any) -> Prepared:
        """Encode rows as (N, W) float32; see the class for what a row may be."""
        frame = self._own_columns(self._frame(raw))
        encoded = self.encoder.transform(frame)
        check_finite("table", encoded)
        return Prepared({"table": encoded}, unknown=self._unknown(frame, encoded))

    def to_json(self) -> dict[str, Any]:
        """Return the columns with their numbers and categories, and the CSV's format."""
        columns = [
            {"kind": "category" if isinstance(x, Categorical) else "number", **asdict(x)}
            for x in self.encoder.columns
        ]
        return {"columns": columns, "csv": asdict(self.csv), "is_text": self.is_text}

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> TablePreparation:
        """Read what `to_json` returned."""
        columns: list[Numeric | Categorical] = []
        for stored in tree["columns"]:
            values = {key: value for key, value in stored.items() if key != "kind"}
            if stored["kind"] == "category":
                columns.append(Categorical(values["name"], tuple(values["categories"])))
            else:
                columns.append(Numeric(**values))
        csv = CsvFormat.from_json(tree["csv"])
        return cls(TableEncoder(tuple(columns)), csv, bool(tree["is_text"]))

    def describe(self) -> tuple[Field, ...]:
        """Return the input columns."""
        fields = []
        for column in self.encoder.columns:
            if isinstance(column, Categorical):
                categories = column.categories
                fields.append(Field(column.name, "category", "str", (), True, categories))
            else:
                fields.append(Field(column.name, "number", "float64", (), True))
        return tuple(fields)

    def example(self) -> pd.DataFrame:
        """Return two rows: the mean of every number, and the first or last category."""
        import pandas as pd

        rows: dict[str, list[Any]] = {}
        for column in self.encoder.columns:
            if isinstance(column, Categorical):
                shown = column.categories or ("",)
                rows[column.name] = [shown[0], shown[-1]]
            else:
                low = float(f"{column.mean:.4g}")
                rows[column.name] = [low, float(f"{column.mean + column.deviation:.4g}")]
        return pd.DataFrame(rows)

    def read(self, path: Path, size: int) -> Iterator[pd.DataFrame]:
        """Yield the rows of a CSV or Parquet file, `size` at a time."""
        names = [column.name for column in self.encoder.columns]
        numbers = {column.name for column in self.encoder.columns if isinstance(column, Numeric)}
        yield from read_batches(path, self.csv, size, names, numbers)

    def batches(self, raw: Any, size: int) -> Iterator[Any]:
        """Yield rows, `size` at a time."""
        # A mapping of single values is one row, as of a request to a server.
        if isinstance(raw, Mapping) and all(np.ndim(value) == 0 for value in raw.values()):
            raw = [raw]
        yield from super().batches(raw, size)

    def check_prepared(self, views: Mapping[str, Any]) -> None:
        """Refuse raw rows in the view `table`, whose columns are standardised or one-hot."""
        values = views.get("table")
        if values is None or values.ndim != 2 or values.shape[1] != len(self.encoder.names):
            return
        end = 0
        for column in self.encoder.columns:
            part = np.abs(values[:, end : end + len(column.names)])
            end += len(column.names)
            is_raw = bool(len(part)) and float(np.median(part[:, 0])) > _FAR
            if isinstance(column, Categorical):
                is_raw = not np.isin(part, (0, 1)).all()
            if is_raw:
                raise DataError(
                    f"the view 'table' is not prepared as in training: column {column.name!r} has "
                    f"values such as {float(values[0, end - len(column.names)]):g}; give the rows "
                    "as a data frame, or as an array without `table`"
                )

    def row_names(self, raw: Any) -> Sequence[Any] | None:
        """Return the index of a data frame."""
        return None if isinstance(raw, Sequence) else getattr(raw, "index", None)

    def _frame(self, raw: Any) -> pd.DataFrame:
        """Return rows as a data frame.

        Raises:
            DataError: They are something else, or an array of another width.
        """
        import pandas as pd

        names = [column.name for column in self.encoder.columns]
        if hasattr(raw, "to_pandas"):
            raw = raw.to_pandas()
        if isinstance(raw, pd.DataFrame):
            return raw
        if isinstance(raw, Mapping) and hasattr(raw.get("table"), "columns"):
            return self._frame(raw["table"])
        if isinstance(raw, Mapping):
            two_dimensional = [str(name) for name, values in raw.items() if np.ndim(values) > 1]
            if two_dimensional:
                raise DataError(
                    f"the column {two_dimensional[0]!r} of the input has more than one dimension; "
                    f"needed: {_listed(names)}"
                )
            return pd.DataFrame({str(name): _plain(values) for name, values in raw.items()})
        if isinstance(raw, Sequence) and raw and all(isinstance(row, Mapping) for row in raw):
            return pd.DataFrame(list(raw))
        if isinstance(raw, np.ndarray | Sequence) and not isinstance(raw, str):
            return _by_position(raw, names)
        raise DataError(
            f"the input is a {type(raw).__name__}; a data frame, a mapping of columns, a list of "
            f"rows or the path of a CSV or Parquet file is needed, with {_listed(names)}"
        )

    def _own_columns(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the input columns, with cells written as those that training read.

        Raises:
            DataError: A column is missing, or there twice.
        """
        given = list(map(cells.plain_text, frame.columns))
        names = [cells.plain_text(column.name) for column in self.encoder.columns]
        missing = [name for name in names if name not in given]
        if missing:
            hints = [(name, nearest(name, given)) for name in missing]
            listed = [
                f"{name!r} (did you mean {near!r}?)" if near else repr(name) for name, near in hints
            ]
            raise DataError(
                f"the input lacks the column {_listed(listed, quote=False)}; it has: "
                f"{_listed(given)}"
            )
        twice = [name for name in names if given.count(name) > 1]
        if twice:
            raise DataError(f"the input has two columns called {twice[0]!r}")
        frame = frame.set_axis(given, axis="columns")[names]
        frame = frame.set_axis([column.name for column in self.encoder.columns], axis="columns")
        if self.is_text:
            frame = without_missing_texts(frame, self.csv)
        return with_points(frame, self._pointed) if self.csv.decimal == "," else frame

    @property
    def _pointed(self) -> list[str]:
        """The columns whose decimal commas training read as points: those of numbers alone."""
        return [
            column.name
            for column in self.encoder.columns
            if isinstance(column, Numeric) or column.is_all_numbers
        ]

    def _unknown(self, frame: pd.DataFrame, encoded: Any) -> dict[str, Counter[str]]:
        """Count the categories that training did not see."""
        unknown: dict[str, Counter[str]] = {}
        end = 0
        for column in self.encoder.columns:
            end += column.width
            if isinstance(column, Numeric):
                continue
            is_other = encoded[:, end - 1] == 1
            if not is_other.any():
                continue
            values = cells.as_column(frame[column.name])[is_other]
            present = values[~cells.missing_cells(values.reset_index(drop=True))]
            if len(present):
                unknown[column.name] = Counter(map(cells.category_text, present))
        return unknown


def _plain(values: Any) -> Any:
    """Return the values of a column without an index, by which pandas would sort them anew."""
    return values if isinstance(values, np.ndarray) else list(values)


def _by_position(raw: Any, names: Sequence[str]) -> pd.DataFrame:
    """Return an array as a data frame whose columns are in the order of training."""
    import pandas as pd

    try:
        array = np.asarray(raw)
        if not isinstance(raw, np.ndarray):
            # Cells of lists keep their types: numpy makes 1.0 of True beside a number.
            array = np.asarray(raw, dtype=object)
    except ValueError:
        raise DataError("the rows of the input differ in length") from None
    if array.ndim != 2 or array.shape[1] != len(names):
        raise DataError(
            f"the input has no names of columns and the shape {array.shape}; needed: (rows, "
            f"{len(names)}), in the order {_listed(names)}"
        )
    return pd.DataFrame(array, columns=list(names))


def _listed(names: Sequence[str], *, quote: bool = True) -> str:
    shown = [short(name) if quote else name for name in names[:_MAX_LISTED]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
