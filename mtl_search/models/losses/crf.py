"""A name for the likelihood that the CRF head computes."""

from __future__ import annotations

from torch import Tensor

from mtl_search.models.losses.base import ElementwiseLoss, Reduction


class CrfLikelihood(ElementwiseLoss):
    """The name of the CRF's own negative log-likelihood, which is a sum over whole sentences and lives in its head."""

    def forward(self, output: Tensor, target: Tensor, reduction: Reduction = "none") -> Tensor:
        """Never called: a token has no loss of its own."""
        raise NotImplementedError("the likelihood of a CRF is computed by its head")
