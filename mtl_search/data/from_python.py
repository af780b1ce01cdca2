"""How a program makes a data set of what it has: data frames, arrays, data sets of Hugging Face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtl_search.data.splits import DEFAULT_FRACTIONS
from mtl_search.registry import import_attribute

if TYPE_CHECKING:
    from typing_extensions import Self  # of typing itself from Python 3.11 on

# References, since these modules make data sets, of which this one is a part.
_GIVEN = "mtl_search.data.datasets.given"

Fractions = Sequence[float] | Mapping[str, float]


class FromPython:
    """The part of `DataSet` that makes one from other objects."""

    @classmethod
    def from_pandas(
        cls,
        frame: Any,
        targets: str | Sequence[str] | Mapping[str, Any],
        *,
        columns: Sequence[str] | None = None,
        ignore: Sequence[str] = (),
        categorical: Sequence[str] | None = None,
        fractions: Fractions = DEFAULT_FRACTIONS,
        split: str | None = None,
        stratify: str | None = None,
        group: str | None = None,
        max_categories: int = 64,
        seed: int = 0,
    ) -> Self:
        """Make a data set of a data frame: some columns are targets, the others are the input.

        The columns are read as those of a file by the data set `table`: numbers are standardised,
        categories one-hot, by the train rows alone, and models predict from rows of such a frame.

        Args:
            frame: A data frame; or one for each split, by the names train, validation and test.
            targets: Names of columns, whose kind is that of their values: two different ones are
                `binary`, texts `class`, at most 20 different whole numbers `class`, other numbers
                `real`. Or name → kind (class, binary, multilabel or real; None: by the values), or
                a mapping with more, such as `{"kind": "binary", "positive": "ill"}`.
            columns: The input columns; default: all but targets, `split`, `group` and `ignore`.
            ignore: Columns that are not inputs, such as a row's number.
            categorical: The input columns that hold categories; default: those in which some train
                row holds no number.
            fractions: The fractions of train, validation and test, for a split by seed.
            split: A column that says `train`, `validation` or `test`, instead of a split by seed.
            stratify: A class or binary target whose classes are spread evenly over the splits.
            group: A column whose equal values stay together in one split, such as a patient's
                number.
            max_categories: The most categories of one column; more are taken for a mistake.
            seed: The seed of the split.

        Raises:
            ConfigError: An argument is wrong, or names a column that does not exist.
            DataError: The content does not fit.

        Examples:
            >>> import pandas as pd
            >>> from mtl_search import DataSet
            >>> frame = pd.DataFrame({"size": [*range(40)], "colour": ["red", "blue"] * 20})
            >>> frame["price"] = 2.5 * frame["size"]
            >>> frame["sold"] = ["no", "no", "yes", None] * 10
            >>> data = DataSet.from_pandas(frame, targets=["price", "sold"])
            >>> {name: target.kind for name, target in data.targets.items()}
            {'price': 'real', 'sold': 'binary'}
            >>> data.inputs["table"].shape, int(data.targets["sold"].labelled.sum())
            ((40, 4), 30)
        """
        data: Self = import_attribute(f"{_GIVEN}.frames:from_pandas")(
            frame,
            targets,
            columns=columns,
            ignore=ignore,
            categorical=categorical,
            fractions=fractions,
            split=split,
            stratify=stratify,
            group=group,
            max_categories=max_categories,
            seed=seed,
        )
        return data

    @classmethod
    def from_huggingface(
        cls,
        dataset: Any,
        targets: str | Sequence[str] | Mapping[str, Any],
        *,
        columns: Sequence[str] | None = None,
        ignore: Sequence[str] = (),
        categorical: Sequence[str] | None = None,
        fractions: Fractions = DEFAULT_FRACTIONS,
        split: str | None = None,
        stratify: str | None = None,
        group: str | None = None,
        max_categories: int = 64,
        seed: int = 0,
    ) -> Self:
        """Make a data set of the columns of a `datasets.Dataset`, `DatasetDict` or Arrow table.

        The arguments are those of `from_pandas`. A `ClassLabel` has the names of its classes, and
        its -1 is missing. The splits of a `DatasetDict` are taken as they are (`valid`, `val` and
        `dev` are validation); one that is not there is a fifth of the train rows, by `seed`.

        Raises:
            ConfigError: An argument is wrong, or names a column that does not exist.
            DataError: It is something else, or its content does not fit.

        Examples:
            >>> import pyarrow
            >>> from mtl_search import DataSet
            >>> numbers = [float(number) for number in range(30)]
            >>> table = pyarrow.table({"x": numbers, "y": [2 * number for number in numbers]})
            >>> len(DataSet.from_huggingface(table, targets="y"))
            30
        """
        data: Self = import_attribute(f"{_GIVEN}.frames:from_huggingface")(
            dataset,
            targets,
            columns=columns,
            ignore=ignore,
            categorical=categorical,
            fractions=fractions,
            split=split,
            stratify=stratify,
            group=group,
            max_categories=max_categories,
            seed=seed,
        )
        return data

    @classmethod
    def from_arrays(
        cls,
        inputs: Any,
        targets: Mapping[str, Any],
        *,
        kinds: Mapping[str, Any] | None = None,
        masks: Mapping[str, Any] | None = None,
        scale: Mapping[str, float] | None = None,
        splits: Mapping[str, Any] | Sequence[str] | None = None,
        fractions: Fractions = DEFAULT_FRACTIONS,
        stratify: str | None = None,
        groups: Any = None,
        seed: int = 0,
    ) -> Self:
        """Make a data set of arrays over the same samples, which are read as by `arrays`.

        Fractions, bytes (uint8) and bools reach the network as float32, all other integers as
        numbers of tokens. Models predict from arrays of the same kind.

        Args:
            inputs: View → array (N, ...), or one array, which is the view `x`.
            targets: Target → raw labels (N, ...) or a `Target`. Missing labels are NaN, None, empty
                texts and, but for real numbers, -1.
            kinds: Target → kind, or `{kind: binary, positive: ill, missing: ['?']}` as of the data
                set `arrays`, of those whose values do not say it: texts and two values are as
                of `from_pandas`, fractions (N, L) a vector, 0 and 1 (N, L) multilabel.
            masks: View → (N, T), nonzero at real tokens.
            scale: View → number by which its values are divided, such as 255 for bytes.
            splits: Split → sample numbers or truth values (N,); or the name of the split of each
                sample; instead of a split by seed.
            fractions: The fractions of train, validation and test, for a split by seed.
            stratify: A class or binary target whose classes are spread evenly over the splits.
            groups: (N,) values; samples of equal value stay together in one split.
            seed: The seed of the split.

        Raises:
            ConfigError: An argument is wrong.
            DataError: The content does not fit.

        Examples:
            >>> import numpy as np
            >>> from mtl_search import DataSet
            >>> pictures = np.zeros((20, 1, 8, 8), np.uint8)
            >>> labels = {"digit": np.arange(20) % 10, "ink": np.linspace(0, 1, 20)}
            >>> data = DataSet.from_arrays({"image": pictures}, labels, scale={"image": 255})
            >>> {name: target.kind for name, target in data.targets.items()}
            {'digit': 'class', 'ink': 'real'}
        """
        data: Self = import_attribute(f"{_GIVEN}.arrays:from_arrays")(
            inputs,
            targets,
            kinds=kinds,
            masks=masks,
            scale=scale,
            splits=splits,
            fractions=fractions,
            stratify=stratify,
            groups=groups,
            seed=seed,
        )
        return data
