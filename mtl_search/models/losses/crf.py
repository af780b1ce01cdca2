"""The name of the likelihood that the CRF head computes."""

from __future__ import annotations

from torch import Tensor

from mtl_search.models.losses.base import ElementwiseLoss, Reduction


class CrfLikelihood(ElementwiseLoss):
    """Negative log-likelihood of a CRF: a sum over whole sentences, computed by the head itself."""

    def forward(self, output: Tensor, target: Tensor, reduction: Reduction = "none") -> Tensor:
        """Refuse to compute a loss, since a token has none by itself."""
        raise NotImplementedError("the likelihood of a CRF is computed by its head")
