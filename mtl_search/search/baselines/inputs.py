"""The inputs of a task as the columns of one table.

N samples, F columns
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mtl_search.config import Config
from mtl_search.data import DataSet
from mtl_search.data.types import InputArray

# More columns are an image or a signal laid flat; more columns of whole numbers are a text.
MAX_COLUMNS = 4096
MAX_INTEGER_COLUMNS = 64


@dataclass(frozen=True)
class TableInputs:
    """Read the columns of a table from the views of a data set.

    Attributes:
        real: Views of real numbers, each (N, F).
        integers: Views of whole numbers, each (N, F), which stand for categories.
    """

    real: Sequence[InputArray]
    integers: Sequence[InputArray]

    @property
    def real_columns(self) -> int:
        """The number of columns of real numbers, which come first."""
        return sum(view.shape[1] for view in self.real)

    @property
    def columns(self) -> int:
        """The number of all columns."""
        return self.real_columns + sum(view.shape[1] for view in self.integers)

    def read(self, rows_N: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return these rows as an array (N, F)."""
        parts = [np.asarray(view[rows_N]) for view in (*self.real, *self.integers)]
        return np.concatenate([part.astype(np.float32, copy=False) for part in parts], axis=1)


def table_inputs(config: Config, data: DataSet, task: str) -> TableInputs | None:
    """Return the inputs of a task as one table; None where they are no table.

    They are a table where every view and side input of the task is one vector a sample, and none
    of them is a text: a view with a mask or with spans, or one of many whole numbers.

    Args:
        config: The sweep's config.
        data: The data set.
        task: The name of the task.

    Examples:
        >>> from mtl_search.config import load_config
        >>> from mtl_search.data import DataSet, Target
        >>> data = DataSet(
        ...     inputs={"x": np.zeros((3, 4)), "picture": np.zeros((3, 1, 8, 8))},
        ...     targets={"y": Target(np.array([0, 1, 1]), "binary", ("no", "yes"))},
        ...     splits={"train": [0], "validation": [1], "test": [2]},
        ... )
        >>> tree = {"name": "a", "data": "arrays", "model": {"backbone": "mlp"}}
        >>> config = load_config({**tree, "tasks": {"y": {"head": "binary", "view": "x"}}})
        >>> table_inputs(config, data, "y").columns
        4
        >>> config = load_config({**tree, "tasks": {"y": {"head": "binary", "view": "picture"}}})
        >>> table_inputs(config, data, "y") is None
        True
    """
    section = config.tasks[task]
    names = [*(section.view or data.inputs), *section.side_inputs]
    views = [data.inputs[name] for name in dict.fromkeys(names)]
    if section.spans is not None or any(name in data.masks for name in names):
        return None
    if any(len(view.shape) != 2 for view in views):
        return None
    integers = [view for view in views if np.issubdtype(view.dtype, np.integer)]
    real = [view for view in views if not np.issubdtype(view.dtype, np.integer)]
    inputs = TableInputs(real, integers)
    is_text = inputs.columns - inputs.real_columns > MAX_INTEGER_COLUMNS
    return None if is_text or not 0 < inputs.columns <= MAX_COLUMNS else inputs
