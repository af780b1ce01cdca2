"""F1 of whole entities in tagged sentences."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_search.data.types import MISSING


def span_f1(tags: Tensor, target: Tensor, names: Sequence[str]) -> Tensor:
    """F1 over the entities of all sentences: one is found when its first token, its last token and its kind are right.

    The rule of conlleval (E. Tjong Kim Sang and S. Buchholz, 2000), as seqeval has it by default: an entity begins at
    `B-kind`, or at an `I-kind` that follows nothing of its kind, and goes on over `I-kind`. Tokens without a label are
    left out of their sentence, and their neighbours become adjacent.

    Args:
        tags: (N, T) predicted tags; -1 counts as outside.
        target: (N, T) tags, -1 where missing or padded.
        names: Of the tags: `O`, `B-kind`, `I-kind`. Any other name is a kind by itself.

    Returns:
        () in 0 .. 1; NaN when there is no entity, neither labelled nor predicted.
    """
    known = target != MISSING
    sentence = torch.arange(len(target), device=target.device).unsqueeze(1).expand_as(target)[known]
    found, labelled = (_spans(x[known], sentence, names) for x in (tags, target))
    if len(found) + len(labelled) == 0:
        return torch.tensor(torch.nan)
    _, times = torch.unique(torch.cat([found, labelled]), dim=0, return_counts=True)
    right = torch.count_nonzero(times == 2)
    return 2 * right / (len(found) + len(labelled))


def _spans(tags: Tensor, sentence: Tensor, names: Sequence[str]) -> Tensor:
    """(E, 3) first token, last token and kind of every entity.

    Args:
        tags: (M,) of all tokens, sentence after sentence.
        sentence: (M,) whose token it is.
        names: Of the tags.
    """
    split = [("O", "O") if name == "O" else _parts(name) for name in names]
    kinds = sorted({kind for _, kind in split} - {"O"})
    numbers = [kinds.index(kind) if kind != "O" else -1 for _, kind in split]
    # One more at the end, which is where tag -1 points to.
    kind_of = torch.tensor([*numbers, -1], device=tags.device)[tags]
    begins = torch.tensor([*(prefix == "B" for prefix, _ in split), False], device=tags.device)[
        tags
    ]
    # Whether a token has nothing to do with the one before it.
    apart = torch.ones_like(begins)
    apart[1:] = begins[1:] | (kind_of[1:] != kind_of[:-1]) | (sentence[1:] != sentence[:-1])
    first = apart.nonzero().squeeze(1)
    last = torch.cat([first[1:], first.new_tensor([len(tags)])]) - 1
    runs = torch.stack([first, last, kind_of[first]], 1)
    return runs[runs[:, 2] >= 0]


def _parts(name: str) -> tuple[str, str]:
    """Prefix and kind of a tag."""
    prefix, dash, kind = name.partition("-")
    return (prefix, kind) if dash and prefix in ("B", "I") else ("I", name)
