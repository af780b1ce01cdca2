"""The batches of a prediction as one, and what is told of all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from mtl_search.data.types import MISSING, Array
from mtl_search.errors import short

_MAX_LISTED = 5


def join_arrays(parts: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """Return the arrays of all batches, one after the other.

    Sentences of another batch may have more tokens; then -1 stands at the end of the others' tags.
    """
    if len(parts) == 1:
        return dict(parts[0])
    joined = {}
    for name in parts[0]:
        arrays = [part[name] for part in parts]
        widths = {array.shape[1] for array in arrays if array.ndim == 2}
        if len(widths) > 1:
            arrays = [_padded(array, max(widths)) for array in arrays]
        joined[name] = np.concatenate(arrays)
    return joined


def about_unknown(column: str, counts: Counter[str]) -> str:
    """Say how many rows of a column hold categories that training did not see.

    Examples:
        >>> about_unknown("island", Counter({"Sark": 2}))
        "2 rows have a category in column 'island' that training did not see, 'Sark' (2): it ..."
    """
    shown = ", ".join(f"{short(name)} ({count})" for name, count in counts.most_common(_MAX_LISTED))
    more = f" and {len(counts) - _MAX_LISTED} more" if len(counts) > _MAX_LISTED else ""
    rows = sum(counts.values())
    return (
        f"{rows} {'row has' if rows == 1 else 'rows have'} a category in column {short(column)} "
        f"that training did not see, {shown}{more}: it counts as `other`"
    )


def _padded(tags: Array, width: int) -> Array:
    return np.pad(tags, ((0, 0), (0, width - tags.shape[1])), constant_values=MISSING)
