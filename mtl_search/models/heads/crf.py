"""The head of a sequence of tags: a linear-chain conditional random field.

B sentences, T tokens, L most kept tokens of a sentence, K tags
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torchcrf
from torch import Tensor

from mtl_search.data.dataset import Target
from mtl_search.data.types import MISSING
from mtl_search.models.heads.base import Head, Masks, labelled_in
from mtl_search.models.heads.dense import dense
from mtl_search.models.tokens import compact_tokens, gather_tokens


class Crf(Head):
    """Tags of tokens by a linear-chain CRF (Lafferty, McCallum and Pereira 2001).

    The emissions are those of a dense layer. The score of tags y is
    start[y_1] + Σ_t emission_t[y_t] + Σ_t transition[y_{t-1}, y_t] + end[y_T]. The loss of a
    sentence is the logarithm of the sum of exp(score) over all tag sequences minus the score of the
    right one. It is computed by pytorch-crf, in float32 also under autocast. The target is (B, T)
    in 0..K-1, -1 where missing or padded.

    Losses are counted by token, so long sentences weigh more. The trivial loss, the entropy of the
    tags' shares, is that of a model without transitions. A token whose tag is missing inside a
    sentence is left out in the loss, and its neighbours become adjacent: pytorch-crf knows no
    unobserved tags, and it needs a mask that is contiguous and on at the first token (its issues 61
    and 85). Prediction tags all real tokens, labelled or not.

    The output is the emissions (B, T, K) in float32, −inf at padding: that is how `predict` knows
    the real tokens.

    Args:
        width: Width of the features of a token.
        target: The whole target, all splits.
        loss: Unused, since the likelihood is the CRF's own.
        dropout: Share of features set to zero in training.
        hidden: Widths of hidden layers with ReLU before the emissions.
    """

    target_kinds = ("tags",)
    losses = ("crf",)
    metrics = ("token_accuracy", "token_f1", "token_f1_weighted", "span_f1")
    tokens = True

    def __init__(
        self,
        width: int,
        target: Target,
        loss: Any,
        *,
        dropout: float = 0.0,
        hidden: Sequence[int] = (),
    ) -> None:
        super().__init__(target, loss)
        # Padding counts as missing, so the short way of `loss` never applies.
        self.complete = False
        self.dense = dense(width, hidden, dropout, target.size)
        self.crf = torchcrf.CRF(target.size, batch_first=True)

    def forward(self, *features: Tensor, masks: Masks = ()) -> Tensor:
        """Return emissions (B, T, K) from features (B, T, W)."""
        (x,) = features
        emissions: Tensor = self.dense(x).float()
        mask = masks[0] if masks else None
        if mask is None:
            return emissions
        return emissions.masked_fill(~mask.unsqueeze(2), float("-inf"))

    def loss_sum(self, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return the sum of −log likelihood over sentences, and the number of labelled tokens."""
        labelled = labelled_in(target)
        order, mask = compact_tokens(labelled)
        tags = target.gather(1, order).masked_fill(~mask, 0)
        emissions = gather_tokens(output, order).masked_fill(~mask.unsqueeze(2), 0.0)
        # The mask must be on at the first token, so a sentence without labels keeps a made-up one;
        # its likelihood is set to 0 below.
        empty = ~mask[:, 0]
        mask = torch.cat([torch.ones_like(mask[:, :1]), mask[:, 1:]], 1)
        with torch.autocast(output.device.type, enabled=False):
            likelihood: Tensor = self.crf(emissions.float(), tags, mask, reduction="none")
        return -likelihood.masked_fill(empty, 0.0).sum(), labelled.sum()

    def predict(self, output: Tensor) -> Tensor:
        """Return the most likely tags (B, T) int64 of emissions (B, T, K), -1 at padding."""
        real = output[..., 0] != float("-inf")
        order, mask = compact_tokens(real)
        emissions = gather_tokens(output.float(), order).masked_fill(~mask.unsqueeze(2), 0.0)
        with torch.no_grad(), torch.autocast(output.device.type, enabled=False):
            best = self._viterbi(emissions, mask)
        tags = torch.full_like(real, MISSING, dtype=torch.int64)
        return tags.scatter(1, order, best.masked_fill(~mask, MISSING))

    def fit(self, target: Tensor) -> None:
        """Set the trivial loss to the entropy of the tags' shares, −Σ_k p_k log p_k.

        Args:
            target: (N, T) tags.
        """
        tags = target[labelled_in(target)]
        if tags.numel():
            share = torch.bincount(tags, minlength=self.outputs) / tags.numel()
            self.set_trivial(-torch.special.xlogy(share, share).sum())

    def _viterbi(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """Return the best tags (B, L) of compacted emissions (B, L, K).

        It is batched, while pytorch-crf walks back token by token in Python. Where the mask is
        off, the step is an identity, so the walk back stays on the tag of the last real token.
        """
        crf = self.crf
        score = crf.start_transitions + emissions[:, 0]
        stay = torch.arange(self.outputs, device=emissions.device).expand_as(score)
        came_from = []
        for t in range(1, emissions.shape[1]):
            step, origin = (score.unsqueeze(2) + crf.transitions).max(1)
            on = mask[:, t, None]
            score = torch.where(on, step + emissions[:, t], score)
            came_from.append(torch.where(on, origin, stay))
        tag = (score + crf.end_transitions).argmax(1, keepdim=True)
        tags = [tag]
        for origin in reversed(came_from):
            tag = origin.gather(1, tag)
            tags.append(tag)
        return torch.cat(tags[::-1], 1)
