from __future__ import annotations

import pytest

from mtl_search.errors import SweepError
from mtl_search.export.networks import Networks


def test_a_model_without_networks_is_refused() -> None:
    with pytest.raises(SweepError, match="at least one network"):
        Networks([])
