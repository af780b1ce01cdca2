"""The name of the CRF's likelihood."""

from __future__ import annotations

import pytest
import torch

from mtl_search.models.losses.crf import CrfLikelihood


def test_the_crf_likelihood_has_no_loss_of_a_token() -> None:
    with pytest.raises(NotImplementedError, match="head"):
        CrfLikelihood()(torch.zeros(2), torch.zeros(2))
