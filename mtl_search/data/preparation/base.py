"""The base of all preparations, and what they give.

N rows, T tokens
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from mtl_search.data.types import Array
from mtl_search.errors import DataError

FieldKind = Literal["number", "category", "image", "sentence", "array"]


class RowError(DataError):
    """One row of the input is wrong.

    Args:
        before: The message up to the number of the row.
        row: The number of the row.
        after: The message from there on.

    Examples:
        >>> print(RowError("image", 3, " cannot be read").at(512))
        image 515 cannot be read
    """

    def __init__(self, before: str, row: int, after: str) -> None:
        self._parts = before, row, after
        self.row = row
        super().__init__(f"{before} {row}{after}")

    def at(self, first: int) -> RowError:
        """Return the same error of a batch that begins with this row."""
        before, row, after = self._parts
        return RowError(before, first + row, after)

    def placed(self, place: str) -> DataError:
        """Return the same error with the place of the row, such as `line 19 of t.csv`."""
        before, _, after = self._parts
        return DataError(f"{before.removesuffix('row')}{place}{after}")


@dataclass(frozen=True)
class Field:
    """A column of a table, or an array: what a raw input has.

    Attributes:
        name: The name of the column or of the view.
        kind: What its values are.
        dtype: The type of its values, as numpy or pandas name it.
        shape: The shape of one row's value; () for a single one, -1 where any length will do.
        optional: Whether values may be missing.
        values: The categories that training saw.
    """

    name: str
    kind: FieldKind
    dtype: str
    shape: tuple[int, ...] = ()
    optional: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class TokenText:
    """A sentence with the places of its tokens, so that tags can be told as parts of its text.

    Attributes:
        text: The sentence as it was given; empty where tokens were given.
        tokens: Its tokens.
        starts: Where each token begins in the text; its own number where tokens were given.
        stops: Where each token ends.
        positions: Which of the T tags is that of each token; -1 for tokens that were cut off.
    """

    text: str
    tokens: tuple[str, ...]
    starts: tuple[int, ...]
    stops: tuple[int, ...]
    positions: tuple[int, ...]


@dataclass(frozen=True)
class Prepared:
    """Rows as the network reads them.

    Attributes:
        inputs: View → (N, ...) float32 or int64.
        masks: View → (N, T) bool, True at real tokens.
        texts: The sentences, where the rows are some.
        unknown: Column → category that training did not see → number of its rows.
    """

    inputs: Mapping[str, Array]
    masks: Mapping[str, Array] = field(default_factory=dict)
    texts: Sequence[TokenText] | None = None
    unknown: Mapping[str, Counter[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))


class Preparation(ABC):
    """What training has fitted to prepare raw rows, as plain JSON.

    Give one to `DataSet(..., preparation=...)`, and networks that are trained on the data set
    predict from raw rows. The data set builds its own arrays by `transform`, too, so that training
    and prediction see the same. A class of one's own is stored by its name, `module:Class`, and is
    imported when a model that names it is loaded.

    Attributes:
        chunk: The least number of rows that are prepared at once.
        stored_name: The name in `PREPARATIONS`; empty for classes of the user's.

    Examples:
        A preparation for texts, which become the number of their characters.

        >>> import numpy as np
        >>> class Lengths(Preparation):
        ...     def __init__(self, most):
        ...         self.most = most
        ...
        ...     def transform(self, raw):
        ...         lengths = np.array([[len(text) / self.most] for text in raw], np.float32)
        ...         return Prepared({"length": lengths})
        ...
        ...     def to_json(self):
        ...         return {"most": self.most}
        ...
        ...     @classmethod
        ...     def from_json(cls, tree):
        ...         return cls(tree["most"])
        ...
        ...     def describe(self):
        ...         return (Field("text", "sentence", "str"),)
        ...
        ...     def example(self):
        ...         return ["a short text"]
        >>> stored = Lengths(most=10).to_json()
        >>> Lengths.from_json(stored).transform(["cat"]).inputs["length"].tolist()
        [[0.30000001192092896]]
    """

    chunk: ClassVar[int] = 1
    stored_name: ClassVar[str] = ""

    @abstractmethod
    def transform(self, raw: Any) -> Prepared:
        """Prepare raw rows.

        Raises:
            DataError: They are not what training saw; the message says what is needed.
        """

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Return all that was fitted as plain JSON types."""

    @classmethod
    @abstractmethod
    def from_json(cls, tree: Mapping[str, Any]) -> Preparation:
        """Read what `to_json` returned."""

    @property
    def has_files(self) -> bool:
        """Whether prediction needs files beside the JSON, such as a tokenizer."""
        return False

    def write_files(self, folder: Path) -> None:  # noqa: B027  # where there are none
        """Write the files that prediction needs, if `has_files`.

        Args:
            folder: An empty folder, which travels with the model.
        """

    def with_files(self, folder: Path) -> Preparation:
        """Return a preparation that reads what `write_files` has written.

        Args:
            folder: The folder, wherever it is now.
        """
        return self

    @abstractmethod
    def describe(self) -> tuple[Field, ...]:
        """Return the fields of a raw input."""

    @abstractmethod
    def example(self) -> Any:
        """Return a small raw input, made up and of no training row."""

    def read(self, path: Path, size: int) -> Iterator[Any]:
        """Yield the rows of a file or folder, `size` at a time.

        Raises:
            DataError: There is no such file, or it holds something else.
        """
        raise DataError(f"{path}: this model reads no files, only rows in memory")

    def batches(self, raw: Any, size: int) -> Iterator[Any]:
        """Yield raw rows, `size` at a time.

        Args:
            raw: A file, or rows in memory: a data frame, a sequence, or a mapping of columns.
            size: The most rows of a batch.

        Raises:
            DataError: It is none of these, or empty.
        """
        if isinstance(raw, str | Path):
            yield from self.read(Path(raw).expanduser(), size)
            return
        rows = row_count(raw)
        if rows == 0:
            raise DataError("the input has no rows")
        for start in range(0, rows, size):
            yield take_rows(raw, slice(start, start + size))

    def row_names(self, raw: Any) -> Sequence[Any] | None:
        """Return names of raw rows, such as those of files; None where they have numbers only."""
        return None

    def may_be_prepared(self, views: Mapping[str, Any]) -> bool:
        """Return whether views in the types that the network reads may be prepared already."""
        return True

    def check_prepared(self, views: Mapping[str, Any]) -> None:  # noqa: B027
        """Refuse views that are said to be prepared, and hold raw rows by all signs.

        Raises:
            DataError: They do.
        """

    def for_views(self, views: Collection[str]) -> Preparation:
        """Return a preparation that may leave out other views than these."""
        return self

    def of_source(self, source: str | None) -> Preparation:
        """Return the preparation of one source, where a data set is made of several.

        Raises:
            DataError: There is no such source, or it must be said which one.
        """
        if source is not None:
            raise DataError(f"there is no source {source!r}: the model was trained on one alone")
        return self


def row_count(raw: Any) -> int:
    """Return the number of raw rows.

    Raises:
        DataError: The columns of a mapping differ in length, or it is nothing that holds rows.
    """
    if isinstance(raw, Mapping):
        lengths = {str(name): row_count(values) for name, values in raw.items()}
        if len(set(lengths.values())) > 1:
            raise DataError(f"the columns or views of the input differ in length: {lengths}")
        return next(iter(lengths.values()), 0)
    if not hasattr(raw, "__len__") or isinstance(raw, bytes) or getattr(raw, "shape", (1,)) == ():
        raise DataError(f"the input is a {type(raw).__name__}; rows are needed")
    return len(raw)


def take_rows(raw: Any, rows: slice) -> Any:
    """Return some raw rows, of the same type."""
    if isinstance(raw, Mapping):
        return {name: take_rows(values, rows) for name, values in raw.items()}
    return raw.iloc[rows] if hasattr(raw, "iloc") else raw[rows]


def check_finite(name: str, values: Array) -> None:
    """Refuse NaN and infinite values.

    Raises:
        RowError: A row has one.
    """
    # The number of the row costs more than to know that there is none.
    if values.dtype.kind != "f" or np.isfinite(values).all():
        return
    is_finite = np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
    if not is_finite.all():
        row = int((~is_finite).argmax())
        raise RowError(f"view {name!r}: row", row, " has NaN or infinite values")
