"""Mean weights count the steps with labels, and add up to the number of tasks that had any."""

from __future__ import annotations

import pytest
import torch

from mtl_search.errors import TrialError
from mtl_search.training.balancing.mean_weights import mean_weights


def test_steps_without_a_label_do_not_count() -> None:
    used = torch.tensor([[1.0, 3.0, 7.0], [3.0, 100.0, 7.0]])
    has_label = torch.tensor([[True, True, False], [True, False, False]])
    weights = mean_weights(["a", "b", "c"], used, has_label)
    assert weights == {"train/weight/a": pytest.approx(0.8), "train/weight/b": pytest.approx(1.2)}


def test_a_weight_that_is_no_number_is_told() -> None:
    used = torch.tensor([[1.0, float("nan")]])
    with pytest.raises(TrialError, match="the weight of task 'b' became nan"):
        mean_weights(["a", "b"], used, torch.ones(1, 2, dtype=torch.bool))
