"""F1 of whole entities in tagged sentences."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_search.data.types import MISSING


def span_f1(tags: Tensor, target: Tensor, names: Sequence[str]) -> Tensor:
    """Compute F1 over the entities of all sentences.

    An entity is right when its first token, its last token and its kind are. The rule is that of
    conlleval (E. Tjong Kim Sang and S. Buchholz, 2000), as seqeval has it by default: an entity
    begins at `B-kind`, or at an `I-kind` that follows nothing of its kind, and goes on over
    `I-kind`. Tokens without a label are left out of their sentence, and their neighbours become
    adjacent.

    Args:
        tags: (N, T) predicted tags; -1 counts as outside.
        target: (N, T) tags, -1 where missing or padded.
        names: The names of the tags: `O`, `B-kind`, `I-kind`. Any other name is a kind by itself.

    Returns:
        () in 0 .. 1; NaN when there is no entity, neither labelled nor predicted.

    Examples:
        >>> target = torch.tensor([[0, 1, 2, 0, 1]])
        >>> predicted = torch.tensor([[0, 1, 2, 0, 0]])
        >>> span_f1(predicted, target, ["O", "B-name", "I-name"]).round(decimals=3)
        tensor(0.6670)
    """
    is_labelled = target != MISSING
    rows = torch.arange(len(target), device=target.device).unsqueeze(1).expand_as(target)
    sentence = rows[is_labelled]
    predicted = spans(tags[is_labelled], sentence, names)
    actual = spans(target[is_labelled], sentence, names)
    if len(predicted) + len(actual) == 0:
        return torch.tensor(torch.nan)
    # A span that occurs twice is in both.
    _, times = torch.unique(torch.cat([predicted, actual]), dim=0, return_counts=True)
    right = torch.count_nonzero(times == 2)
    return 2 * right / (len(predicted) + len(actual))


def spans(tags: Tensor, sentence: Tensor, names: Sequence[str]) -> Tensor:
    """Return first token, last token and kind of every entity, (E, 3).

    Args:
        tags: (M,) the tags of all tokens, sentence after sentence.
        sentence: (M,) the number of each token's sentence.
        names: The names of the tags.
    """
    if len(tags) == 0:
        return tags.new_empty((0, 3))
    kind_numbers, is_begin = tag_kinds(names)
    # Both have one more at the end, which is where tag -1 points to.
    kind_of = torch.tensor([*kind_numbers, -1], device=tags.device)[tags]
    begins = torch.tensor([*is_begin, False], device=tags.device)[tags]
    # Whether a token does not continue the run of the token before it.
    starts_run = torch.ones_like(begins)
    starts_run[1:] = begins[1:] | (kind_of[1:] != kind_of[:-1]) | (sentence[1:] != sentence[:-1])
    first = starts_run.nonzero().squeeze(1)
    last = torch.cat([first[1:], first.new_tensor([len(tags)])]) - 1
    runs = torch.stack([first, last, kind_of[first]], 1)
    return runs[runs[:, 2] >= 0]


def tag_kinds(names: Sequence[str]) -> tuple[list[int], list[bool]]:
    """Return the number of each tag's kind, -1 for `O`, and whether the tag begins an entity."""
    kinds: dict[str, int] = {}
    kind_numbers = []
    is_begin = []
    for name in names:
        prefix, kind = _prefix_and_kind(name)
        kind_numbers.append(-1 if kind == "O" else kinds.setdefault(kind, len(kinds)))
        is_begin.append(prefix == "B")
    return kind_numbers, is_begin


def _prefix_and_kind(name: str) -> tuple[str, str]:
    """Return the prefix, B or I, and the kind of a tag."""
    prefix, dash, kind = name.partition("-")
    return (prefix, kind) if dash and prefix in ("B", "I") else ("I", name)
