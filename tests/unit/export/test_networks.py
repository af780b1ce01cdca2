from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mtl_search.errors import SweepError
from mtl_search.export.networks import Networks


def test_a_model_without_networks_is_refused() -> None:
    with pytest.raises(SweepError, match="at least one network"):
        Networks([])


@pytest.mark.parametrize(
    ("view", "rows"),
    [
        (np.zeros((0, 256), np.float32), 2048),
        (np.zeros((0, 257), np.float32), 512),
        (np.zeros((0, 40), np.int64), 512),
        (np.zeros((0, 1, 8, 8), np.float32), 512),
    ],
    ids=["short", "long", "tokens", "image"],
)
def test_more_of_short_rows_are_predicted_at_a_time(view: Any, rows: int) -> None:
    spec = SimpleNamespace(inputs={"x": view})
    networks = Networks.__new__(Networks)
    predictor = SimpleNamespace(views={"x"}, data_spec=spec)
    networks.members = (SimpleNamespace(predictor=predictor),)  # type: ignore[assignment]
    assert networks._batch_size(None) == rows
    assert networks._batch_size(7) == 7
