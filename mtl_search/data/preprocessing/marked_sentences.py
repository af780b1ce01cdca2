"""Sentences with two marked entities → views of their tokens or sub-words, with tags."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from mtl_search.data.concat import ColumnConcat
from mtl_search.data.dataset import Target
from mtl_search.data.preprocessing.encoders import EncoderSource, load_tokenizer
from mtl_search.data.preprocessing.token_vectors import Subwords, subwords
from mtl_search.data.preprocessing.token_windows import (
    Windows,
    choose_windows,
    entity_tags,
    relative_positions,
)
from mtl_search.data.readers.semeval_text import MarkedTokens, Span
from mtl_search.data.types import MISSING, Array, InputArray
from mtl_search.errors import ConfigError

logger = logging.getLogger(__name__)

# Marks around entity 1 and entity 2: S. Wu and Y. He, "Enriching Pre-trained Language Model with
# Entity Information for Relation Classification", 2019. They are in every vocabulary; new ones
# would need new rows in the encoder's embedding.
_MARKS = ("$", "#")


@lru_cache(maxsize=1)
def _tokenizer(source: EncoderSource) -> Any:
    """Load a tokenizer, once for all batches of a prediction."""
    return load_tokenizer("encoder", source.name)


@dataclass(frozen=True)
class EncodedSentences:
    """Sentences as input.

    Attributes:
        inputs: View name → array (N, T, ...).
        mask: (N, T) bool, True at real tokens, of all views.
        entities: The tags of the tokens.
        positions: The place of each token of each sentence among the T tags; -1 for tokens that
            were cut off.
    """

    inputs: dict[str, InputArray]
    mask: Array
    entities: Target
    positions: list[Array]


@dataclass(frozen=True)
class _MarkedText:
    """The tokens of a sentence with marks around its entities.

    Attributes:
        tokens: Tokens and marks.
        origin: Which token of the sentence each of them is, -1 for a mark.
    """

    tokens: tuple[str, ...]
    origin: list[int]


def encode_tokens(
    sentences: Sequence[MarkedTokens],
    windows: Windows,
    tokens: InputArray,
    *,
    as_views: bool,
    distinguish: bool,
) -> EncodedSentences:
    """Put the distances to both entities beside the tokens.

    Args:
        sentences: N sentences.
        windows: Their kept tokens.
        tokens: (N, T) numbers or (N, T, W) vectors of the kept tokens.
        as_views: Whether the distances are views of their own, `position1` and `position2`, or the
            last two columns of `tokens`.
        distinguish: Whether the tags tell entity 1 from entity 2.
    """
    first = relative_positions(sentences, windows, 1)
    second = relative_positions(sentences, windows, 2)
    inputs: dict[str, InputArray]
    if as_views:
        inputs = {"tokens": tokens, "position1": first, "position2": second}
    else:
        columns = np.stack([first, second], axis=2)
        if len(tokens.shape) == 2:
            inputs = {"tokens": np.concatenate([tokens[:][:, :, None], columns], axis=2)}
        else:
            inputs = {"tokens": ColumnConcat(tokens, columns)}
    entities = entity_tags(sentences, windows, distinguish=distinguish)
    positions_of = [np.full(len(s.tokens), -1, np.int64) for s in sentences]
    for row, positions in enumerate(positions_of):
        positions[windows.kept(row)] = np.arange(windows.length[row])
    return EncodedSentences(inputs, windows.mask, entities, positions_of)


def encode_subwords(
    sentences: Sequence[MarkedTokens],
    encoder: EncoderSource,
    size: int,
    *,
    marked: bool,
    distinguish: bool,
    width: int = 0,
) -> EncodedSentences:
    """Encode sentences as sub-words, with tags on the first sub-word of each token.

    Args:
        sentences: N sentences.
        encoder: The encoder.
        size: The most sub-words of a sentence.
        marked: Whether marks stand around the entities.
        distinguish: Whether the tags tell entity 1 from entity 2.
        width: The least T; shorter sentences are padded to it.

    Raises:
        ConfigError: The encoder cannot be loaded, or the size leaves no room for tokens.
    """
    tokenizer = _tokenizer(encoder)
    # No sentence is longer in tokens than in sub-words, so a window of this size keeps the entities
    # that the tokenizer, which cuts at the end, would lose.
    marks = _MARKS if marked else ()
    room = size - tokenizer.num_special_tokens_to_add() - 2 * len(marks)
    if room < 2:
        raise ConfigError(
            "too short for the encoder's own signs and the marks", path="data.length", value=size
        )
    windows = choose_windows(sentences, room)
    kept = [_keep_window(sentence, windows, row) for row, sentence in enumerate(sentences)]
    token_tags = entity_tags(kept, choose_windows(kept, room), distinguish=distinguish)
    texts = [_mark(sentence, marks) for sentence in kept]
    parts = subwords(tokenizer, [text.tokens for text in texts], size, width)
    tags = np.full(parts.ids.shape, MISSING, np.int64)
    spans = np.zeros(parts.ids.shape, np.int64)
    positions_of = [np.full(len(s.tokens), -1, np.int64) for s in sentences]
    incomplete = 0
    for row, (sentence, text) in enumerate(zip(kept, texts, strict=True)):
        spans[row] = _entity_of_token(sentence, text)[parts.words[row]]
        positions, tokens = _first_subwords(parts, row, text)
        tags[row, positions] = token_tags.values[row, tokens]
        positions_of[row][tokens + windows.start[row]] = positions
        last_entity_token = max(sentence.first.stop, sentence.second.stop) - 1
        incomplete += last_entity_token > tokens.max(initial=-1)
    if incomplete:
        logger.warning(
            "%d of %d sentences lose an entity after %d sub-words (raise `length`)",
            incomplete, len(sentences), size,
        )  # fmt: skip
    inputs: dict[str, InputArray] = {"subwords": parts.ids, "spans": spans}
    entities = Target(tags, "tags", token_tags.classes)
    return EncodedSentences(inputs, parts.mask, entities, positions_of)


def _first_subwords(parts: Subwords, row: int, text: _MarkedText) -> tuple[Array, Array]:
    """Return the positions of the first sub-words of a sentence's tokens, and those tokens.

    Marks and special sub-words are left out.
    """
    words, positions = np.unique(parts.words[row], return_index=True)
    tokens = np.array([*text.origin, -1])[words]  # word -1 is special or padding
    return positions[tokens >= 0], tokens[tokens >= 0]


def _entity_of_token(sentence: MarkedTokens, text: _MarkedText) -> Array:
    """Return which entity each token of a text belongs to, 1 or 2, marks included; 0 for none.

    There is one more 0 at the end, where word -1 points.
    """
    entities = np.zeros(len(text.origin) + 1, np.int64)
    for number, span in enumerate((sentence.first, sentence.second), 1):
        first = text.origin.index(span.start)
        last = text.origin.index(span.stop - 1)
        has_marks = int(first > 0 and text.origin[first - 1] < 0)
        entities[first - has_marks : last + 1 + has_marks] = number
    return entities


def _keep_window(sentence: MarkedTokens, windows: Windows, row: int) -> MarkedTokens:
    """Return the sentence with nothing but its kept tokens."""
    length = int(windows.length[row])

    def moved(span: Span) -> Span:
        start, stop = (int(np.clip(token - windows.start[row], 0, length)) for token in span)
        # An entity behind the window is reduced to the last token.
        return Span(start, stop) if start < stop else Span(length - 1, length)

    return replace(
        sentence,
        tokens=sentence.tokens[windows.kept(row)],
        first=moved(sentence.first),
        second=moved(sentence.second),
    )


def _mark(sentence: MarkedTokens, marks: Sequence[str]) -> _MarkedText:
    """Put marks around both entities.

    Args:
        sentence: The sentence.
        marks: The marks of entity 1 and entity 2, or none.
    """
    tokens: list[str] = []
    origin: list[int] = []
    for number in range(len(sentence.tokens) + 1):
        for end in ("stop", "start"):  # a mark that closes comes before one that opens
            for mark, span in zip(marks, (sentence.first, sentence.second), strict=False):
                if getattr(span, end) == number:
                    tokens.append(mark)
                    origin.append(-1)
        if number < len(sentence.tokens):
            tokens.append(sentence.tokens[number])
            origin.append(number)
    return _MarkedText(tuple(tokens), origin)
