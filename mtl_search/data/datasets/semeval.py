"""Relations between marked entities and the entities themselves: SemEval-2010 Task 8 as text."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mtl_search.config.checks import check_choice, check_int, check_number
from mtl_search.data.concat import ColumnConcat
from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.preprocessing.token_vectors import (
    Subwords,
    encoder_source,
    load_tokenizer,
    subwords,
    token_vectors,
)
from mtl_search.data.preprocessing.token_windows import (
    Windows,
    choose_windows,
    entity_tags,
    relative_positions,
)
from mtl_search.data.preprocessing.vocabulary import fit_vocabulary, token_numbers
from mtl_search.data.readers.cache import cache_folder
from mtl_search.data.readers.memmap import MemmapArray
from mtl_search.data.readers.paths import find_file
from mtl_search.data.readers.semeval_text import (
    DIRECTED,
    UNDIRECTED,
    MarkedSentence,
    Span,
    read_marked,
    undirected,
)
from mtl_search.data.types import MISSING, Array, InputArray
from mtl_search.errors import ConfigError, DataError

logger = logging.getLogger(__name__)

# Marks around entity 1 and entity 2: S. Wu and Y. He, "Enriching Pre-trained Language Model with
# Entity Information for Relation Classification", 2019. They are in every vocabulary; new ones
# would need new rows in the encoder's embedding.
_MARKS = ("$", "#")
_SUFFIXES = (".TXT", ".txt")


def semeval(
    train: str,
    test: str,
    *,
    view: str = "tokens",
    encoder: str | None = None,
    vocabulary: int = 10000,
    positions: str = "input",
    marks: bool = True,
    directed: bool = True,
    tags: str = "entity",
    length: int = 40,
    validation: float = 0.1,
    limit: int | None = None,
    cache: str | None = None,
    seed: int = 0,
) -> DataSet:
    """Read views of the sentences and the targets `relation` (class) and `entities` (tags).

    The views are `tokens`, `position1` and `position2`, or `subwords` and `spans`. The official
    test file is the test split. Sentences of the training file with the same words stay together in
    train or in validation, and those whose words occur in the test file are left out: no sentence
    is in two splits.

    With `view: tokens` a sentence is T tokens. `tokens` is (N, T, W) float32, frozen vectors of an
    encoder that stay on disk, or (N, T) numbers of the train split's words (0 padding, 1 unknown).
    `position1` and `position2`, (N, T) int64 in 0 .. 2T − 1, are the distances of each token to
    entity 1 and 2 (0 padding, T inside the entity). With `positions: input` they are the last two
    columns of `tokens` instead, so every task reads them: the tagger, too, which can then read the
    entities off its input. A longer sentence loses tokens, but no entity as long as T tokens can
    hold both; the log says how many sentences lose tokens.

    With `view: subwords`, `subwords` is (N, T) numbers for a transformer that is trained with the
    network, and `spans` (N, T) is 1 in entity 1, 2 in entity 2 and 0 elsewhere, for a head that
    reads the two apart (`tasks.<task>.spans`). Tags are on the first sub-word of each token.
    `marks` puts a $ on both sides of entity 1 and a # on both sides of entity 2, and into the
    spans, too; the tagger can read the entities off those.

    Args:
        train: The file TRAIN_FILE.TXT.
        test: The file TEST_FILE_FULL.TXT, the test file with its relations.
        view: `tokens` or `subwords`.
        encoder: An encoder of transformers: a folder, `package:NAME/path`, or a name on the hub.
        vocabulary: The most numbers for words where there is no encoder.
        positions: `input` for two columns of `tokens`, or `none` for two views of their own.
        marks: Whether the entities are marked, with `view: subwords`.
        directed: Whether relations have a direction: 19 as the official score needs them, or 10.
        tags: `entity` for B and I of any entity and O, or `e1e2` to tell the two apart.
        length: T.
        validation: The part of the training file that becomes the validation split.
        limit: The most sentences to use of each file, the first ones; default: all.
        cache: The folder where token vectors are kept; default: `mtl_search` in the user's cache.
        seed: The seed of the validation split.

    Raises:
        ConfigError: An argument is wrong, or the encoder cannot be loaded.
        DataError: A file cannot be read, or holds something else.
    """
    check_choice(view, "data.view", ("tokens", "subwords"), "view")
    check_choice(positions, "data.positions", ("input", "none"), "way to give positions")
    check_choice(tags, "data.tags", ("entity", "e1e2"), "set of tags")
    size = check_int(length, "data.length", low=2)
    check_number(validation, "data.validation", high=1, exclude_low=True, exclude_high=True)
    if view == "subwords" and encoder is None:
        raise ConfigError(
            "sub-words are those of an encoder: its name is needed",
            path="data.encoder",
            value=encoder,
        )

    most = None if limit is None else check_int(limit, "data.limit", low=2)
    official = read_marked(find_file("test", test, _SUFFIXES))[:most]
    training = read_marked(find_file("train", train, _SUFFIXES))
    training = _without_test_sentences(training, official)[:most]
    sentences = [*training, *official]
    splits = _split(training, validation, check_int(seed, "data.seed", low=0))
    splits["test"] = np.arange(len(training), len(sentences))

    if view == "subwords":
        encoded = _encode_subwords(
            sentences, encoder, size, marked=marks, distinguish=tags == "e1e2"
        )
    else:
        windows = choose_windows(sentences, size)
        texts = [sentence.tokens for sentence in sentences]
        tokens: InputArray
        if encoder is None:
            most_words = check_int(vocabulary, "data.vocabulary", low=3)
            words = fit_vocabulary([texts[row] for row in splits["train"]], most_words)
            tokens = token_numbers(texts, words, windows)
        else:
            folder = cache_folder("cache", cache) / "token_vectors"
            tokens = MemmapArray(token_vectors("encoder", encoder, texts, windows, folder))
        encoded = _Encoded(
            _with_positions(sentences, windows, tokens, positions),
            windows.mask,
            entity_tags(sentences, windows, distinguish=tags == "e1e2"),
        )
    targets = {"relation": _relations(sentences, directed=directed), "entities": encoded.entities}
    return DataSet(encoded.inputs, targets, splits, dict.fromkeys(encoded.inputs, encoded.mask))


# A smoke test must not compute vectors of all sentences, which takes minutes.
semeval.smoke = {"limit": 400}  # type: ignore[attr-defined]


@dataclass(frozen=True)
class _Encoded:
    """Sentences as input.

    Attributes:
        inputs: View name → array (N, T, ...).
        mask: (N, T) bool, True at real tokens, of all views.
        entities: The tags of the tokens.
    """

    inputs: dict[str, InputArray]
    mask: Array
    entities: Target


@dataclass(frozen=True)
class _MarkedText:
    """The tokens of a sentence with marks around its entities.

    Attributes:
        tokens: Tokens and marks.
        origin: Which token of the sentence each of them is, -1 for a mark.
    """

    tokens: tuple[str, ...]
    origin: list[int]


def _without_test_sentences(
    training: Sequence[MarkedSentence], official: Sequence[MarkedSentence]
) -> list[MarkedSentence]:
    """Return the training sentences that are not in the test file."""
    test_texts = {sentence.text for sentence in official}
    kept = [sentence for sentence in training if sentence.text not in test_texts]
    if len(kept) < len(training):
        logger.info(
            "%d training sentences are left out: the test file has them, too",
            len(training) - len(kept),
        )
    return kept


def _split(sentences: Sequence[MarkedSentence], fraction: float, seed: int) -> dict[str, Array]:
    """Choose the validation split; sentences of the same words stay together."""
    _, group = np.unique([sentence.text for sentence in sentences], return_inverse=True)
    rank = np.random.default_rng(seed).permutation(group.max() + 1)[group]
    count = round(fraction * len(sentences))
    if not 0 < count < len(sentences):
        raise DataError(
            f"{fraction:g} of {len(sentences)} training sentences leave no train or no validation "
            "split"
        )
    # The groups of lowest rank, up to and including the one in which the count is reached.
    in_validation = rank <= np.sort(rank)[count - 1]
    if in_validation.all():
        raise DataError(
            "no training sentence is left beside the validation split: too many have the same words"
        )
    return {"train": np.flatnonzero(~in_validation), "validation": np.flatnonzero(in_validation)}


def _relations(sentences: Sequence[MarkedSentence], *, directed: bool) -> Target:
    names = [sentence.relation for sentence in sentences]
    classes = DIRECTED
    if not directed:
        names = [undirected(name) for name in names]
        classes = UNDIRECTED
    return Target(np.array([classes.index(name) for name in names]), "class", classes)


def _with_positions(
    sentences: Sequence[MarkedSentence], windows: Windows, tokens: InputArray, positions: str
) -> dict[str, InputArray]:
    first = relative_positions(sentences, windows, 1)
    second = relative_positions(sentences, windows, 2)
    if positions == "none":
        return {"tokens": tokens, "position1": first, "position2": second}
    columns = np.stack([first, second], axis=2)
    if len(tokens.shape) == 2:
        return {"tokens": np.concatenate([tokens[:][:, :, None], columns], axis=2)}
    return {"tokens": ColumnConcat(tokens, columns)}


def _encode_subwords(
    sentences: Sequence[MarkedSentence],
    encoder: object,
    size: int,
    *,
    marked: bool,
    distinguish: bool,
) -> _Encoded:
    """Encode sentences as sub-words, with tags on the first sub-word of each token."""
    tokenizer = load_tokenizer("encoder", encoder_source("encoder", encoder).name)
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
    parts = subwords(tokenizer, [text.tokens for text in texts], size)
    tags = np.full(parts.ids.shape, MISSING, np.int64)
    spans = np.zeros(parts.ids.shape, np.int64)
    incomplete = 0
    for row, (sentence, text) in enumerate(zip(kept, texts, strict=True)):
        spans[row] = _entity_of_token(sentence, text)[parts.words[row]]
        positions, tokens = _first_subwords(parts, row, text)
        tags[row, positions] = token_tags.values[row, tokens]
        last_entity_token = max(sentence.first.stop, sentence.second.stop) - 1
        incomplete += last_entity_token > tokens.max(initial=-1)
    if incomplete:
        logger.warning(
            "%d of %d sentences lose an entity after %d sub-words (raise `length`)",
            incomplete, len(sentences), size,
        )  # fmt: skip
    inputs: dict[str, InputArray] = {"subwords": parts.ids, "spans": spans}
    return _Encoded(inputs, parts.mask, Target(tags, "tags", token_tags.classes))


def _first_subwords(parts: Subwords, row: int, text: _MarkedText) -> tuple[Array, Array]:
    """Return the positions of the first sub-words of a sentence's tokens, and those tokens.

    Marks and special sub-words are left out.
    """
    words, positions = np.unique(parts.words[row], return_index=True)
    tokens = np.array([*text.origin, -1])[words]  # word -1 is special or padding
    return positions[tokens >= 0], tokens[tokens >= 0]


def _entity_of_token(sentence: MarkedSentence, text: _MarkedText) -> Array:
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


def _keep_window(sentence: MarkedSentence, windows: Windows, row: int) -> MarkedSentence:
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


def _mark(sentence: MarkedSentence, marks: Sequence[str]) -> _MarkedText:
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
