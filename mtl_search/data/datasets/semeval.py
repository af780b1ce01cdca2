"""Relations between marked entities and the entities themselves: SemEval-2010 Task 8 in its original text form."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mtl_search.config.checks import check_choice, check_int, check_number
from mtl_search.data.concat import ColumnConcat
from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.preprocessing.token_vectors import (
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
    read_marked,
    undirected,
)
from mtl_search.data.types import MISSING, Array, InputArray
from mtl_search.errors import ConfigError, DataError

logger = logging.getLogger(__name__)

_VIEWS = ("tokens", "subwords")
_POSITIONS = ("input", "none")
_TAGS = ("entity", "e1e2")
# Signs around entity 1 and entity 2: S. Wu and Y. He, "Enriching Pre-trained Language Model with Entity Information for
# Relation Classification", 2019. They are in every vocabulary; new ones would need new rows in the encoder's embedding.
_MARKS = ("$", "#")


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
    """Targets `relation` (class), `entities` (tags); views `tokens`, `position1`, `position2`, or `subwords`, `spans`.

    The official test file is the test split. Sentences of the training file that have the same words are kept together
    in train or in validation, and those whose words occur in the test file are left out: no sentence is in two splits.

    With `view: tokens` a sentence is T tokens. `tokens` is (N, T, W) float32, frozen vectors of an encoder that stay on
    disk, or (N, T) numbers of the train split's words (0 padding, 1 unknown). `position1` and `position2`, (N, T) int64
    in 0 .. 2T − 1, are the distances of each token to entity 1 and 2 (0 padding, T inside the entity). With
    `positions: input` these are the last two columns of `tokens` instead, so every task reads them: the tagger, too,
    which can then read the entities off its input. A longer sentence is cut so that both entities stay where T tokens
    can hold them; what is cut is counted in the log.

    With `view: subwords`, `subwords` is (N, T) numbers for a transformer that is trained along, and `spans` (N, T) is 1
    in entity 1, 2 in entity 2 and 0 elsewhere, for a head that reads the two apart (`tasks.<task>.spans`). Tags are on
    the first sub-word of each token. `marks` puts a $ on both sides of entity 1 and a # on both sides of entity 2, in
    the spans, too; the tagger can read the entities off those.

    Args:
        train: TRAIN_FILE.TXT.
        test: TEST_FILE_FULL.TXT, the test file with its relations.
        view: `tokens` or `subwords`.
        encoder: An encoder of transformers: a folder, `package:NAME/path`, or a name on the hub.
        vocabulary: Without an encoder, the most numbers there may be for words.
        positions: `input`, two columns of `tokens`; or `none`, two views of their own.
        marks: With `view: subwords`, whether the entities are marked.
        directed: 19 relations with their direction, as the official score needs them; or 10 without.
        tags: `entity`, B and I of any entity and O; or `e1e2`, which tells the two apart.
        length: T.
        validation: Part of the training file that becomes the validation split.
        limit: Use so many sentences of each file at most, the first ones; default: all.
        cache: Folder where token vectors are kept; default: `mtl_search` in the user's cache.
        seed: Of the validation split.

    Raises:
        ConfigError: An argument is wrong, or the encoder cannot be loaded.
        DataError: A file cannot be read, or holds something else.
    """
    check_choice(view, "data.view", _VIEWS, "view")
    check_choice(positions, "data.positions", _POSITIONS, "way to give positions")
    check_choice(tags, "data.tags", _TAGS, "set of tags")
    size = check_int(length, "data.length", low=2)
    if not 0 < check_number(validation, "data.validation", exclude_low=True) < 1:
        raise ConfigError(
            "a part of the training file is above 0 and below 1",
            path="data.validation",
            value=validation,
        )
    if view == "subwords" and encoder is None:
        raise ConfigError(
            "sub-words are those of an encoder: its name is needed",
            path="data.encoder",
            value=encoder,
        )

    most = None if limit is None else check_int(limit, "data.limit", low=2)
    official = read_marked(find_file("test", test, (".TXT", ".txt")))[:most]
    own = _without(read_marked(find_file("train", train, (".TXT", ".txt"))), official)[:most]
    sentences = [*own, *official]
    splits = _split(own, validation, check_int(seed, "data.seed", low=0))
    splits["test"] = np.arange(len(own), len(sentences))
    relation = _relations(sentences, directed=directed)

    if view == "subwords":
        inputs, mask, tagged = _subwords(
            sentences, encoder, size, marked=marks, which=tags == "e1e2"
        )
    else:
        windows = choose_windows(sentences, size)
        if encoder is not None:
            tokens: InputArray = _vectors(sentences, windows, encoder, cache)
        else:
            known = check_int(vocabulary, "data.vocabulary", low=3)
            tokens = _numbers(sentences, windows, splits["train"], known)
        inputs, mask = _with_positions(sentences, windows, tokens, positions), windows.mask
        tagged = entity_tags(sentences, windows, which=tags == "e1e2")
    masks = dict.fromkeys(inputs, mask)
    return DataSet(
        inputs,
        {"relation": relation, "entities": Target(tagged[0], "tags", tagged[1])},
        splits,
        masks,
    )


# Vectors of all sentences take minutes.
semeval.smoke = {"limit": 400}  # type: ignore[attr-defined]


def _without(
    own: Sequence[MarkedSentence], official: Sequence[MarkedSentence]
) -> list[MarkedSentence]:
    """The training sentences that are not in the test file."""
    tested = {sentence.text for sentence in official}
    kept = [sentence for sentence in own if sentence.text not in tested]
    if len(kept) < len(own):
        logger.info(
            "%d training sentences are left out: the test file has them, too", len(own) - len(kept)
        )
    return kept


def _split(sentences: Sequence[MarkedSentence], part: float, seed: int) -> dict[str, Array]:
    """Train and validation; sentences of the same words stay together."""
    _, group = np.unique([sentence.text for sentence in sentences], return_inverse=True)
    rank = np.random.default_rng(seed).permutation(group.max() + 1)[group]
    wanted = round(part * len(sentences))
    order = np.argsort(rank, kind="stable")
    if not 0 < wanted < len(sentences):
        raise DataError(
            f"{part:g} of {len(sentences)} training sentences leave no train or no validation split"
        )
    in_validation = rank <= rank[order[wanted - 1]]
    if in_validation.all():
        raise DataError(
            "no training sentence is left beside the validation split: too many have the same words"
        )
    return {"train": np.flatnonzero(~in_validation), "validation": np.flatnonzero(in_validation)}


def _relations(sentences: Sequence[MarkedSentence], *, directed: bool) -> Target:
    classes = DIRECTED if directed else UNDIRECTED
    number = {name: k for k, name in enumerate(classes)}
    names = [s.relation if directed else undirected(s.relation) for s in sentences]
    return Target(np.array([number[name] for name in names]), "class", classes)


def _vectors(
    sentences: Sequence[MarkedSentence], windows: Windows, encoder: str, cache: object
) -> MemmapArray:
    kept = (windows.start, windows.length, windows.size)
    folder = cache_folder("cache", cache) / "token_vectors"
    return MemmapArray(
        token_vectors("encoder", encoder, [s.tokens for s in sentences], kept, folder)
    )


def _numbers(
    sentences: Sequence[MarkedSentence], windows: Windows, train: Array, size: int
) -> Array:
    tokens = [s.tokens for s in sentences]
    known = fit_vocabulary([tokens[row] for row in train], size)
    return token_numbers(tokens, known, (windows.start, windows.length, windows.size))


def _with_positions(
    sentences: Sequence[MarkedSentence], windows: Windows, tokens: InputArray, positions: str
) -> dict[str, InputArray]:
    first, second = (relative_positions(sentences, windows, entity) for entity in (1, 2))
    if positions == "none":
        return {"tokens": tokens, "position1": first, "position2": second}
    columns = np.stack([first, second], axis=2)
    if len(tokens.shape) == 2:
        return {"tokens": np.concatenate([tokens[:][:, :, None], columns], axis=2)}
    return {"tokens": ColumnConcat(tokens, columns)}


def _subwords(
    sentences: Sequence[MarkedSentence], encoder: object, size: int, *, marked: bool, which: bool
) -> tuple[dict[str, InputArray], Array, tuple[Array, tuple[str, ...]]]:
    """The view of sub-words, its mask, and tags on the first sub-word of each token."""
    source, _ = encoder_source("encoder", encoder)
    tokenizer = load_tokenizer("encoder", source)
    # No sentence is longer in tokens than in sub-words, so this window keeps what the encoder's own cut would lose.
    room = size - tokenizer.num_special_tokens_to_add() - (2 * len(_MARKS) if marked else 0)
    if room < 2:
        raise ConfigError(
            "too short for the encoder's own signs and the marks", path="data.length", value=size
        )
    windows = choose_windows(sentences, room)
    shown = [_cut(s, windows.start[row], windows.length[row]) for row, s in enumerate(sentences)]
    tags, names = entity_tags(shown, choose_windows(shown, room), which=which)
    written = [_with_marks(s) if marked else (s.tokens, list(range(len(s.tokens)))) for s in shown]
    parts = subwords(tokenizer, [tokens for tokens, _ in written], size)
    on_subwords = np.full(parts.ids.shape, MISSING, np.int64)
    spans = np.zeros(parts.ids.shape, np.int64)
    lost = 0
    for row, (_, origin) in enumerate(written):
        spans[row] = _spans(shown[row], origin)[parts.words[row]]
        words, at = np.unique(parts.words[row], return_index=True)
        tagged = [(place, origin[word]) for word, place in zip(words, at, strict=True) if word >= 0]
        for place, token in tagged:
            if token >= 0:
                on_subwords[row, place] = tags[row, token]
        lost += int(
            max(shown[row].first[1], shown[row].second[1]) - 1
            > max((t for _, t in tagged), default=-1)
        )
    if lost:
        logger.warning(
            "%d of %d sentences lose an entity after %d sub-words (raise `length`)",
            lost,
            len(sentences),
            size,
        )
    return {"subwords": parts.ids, "spans": spans}, parts.mask, (on_subwords, names)


def _spans(sentence: MarkedSentence, origin: Sequence[int]) -> Array:
    """Which entity each written token belongs to, 0 for none; one more 0 at the end, where -1 points."""
    spans = np.zeros(len(origin) + 1, np.int64)
    for number, (begin, end) in enumerate((sentence.first, sentence.second), 1):
        places = [place for place, token in enumerate(origin) if begin <= token < end]
        first, last = places[0], places[-1]
        is_marked = first > 0 and origin[first - 1] < 0
        spans[first - is_marked : last + 1 + is_marked] = number
    return spans


def _cut(sentence: MarkedSentence, start: int, length: int) -> MarkedSentence:
    """The sentence with nothing but its kept tokens."""

    def moved(span: tuple[int, int]) -> tuple[int, int]:
        begin, end = (int(np.clip(place - start, 0, length)) for place in span)
        return (begin, end) if begin < end else (length - 1, length)

    kept = sentence.tokens[start : start + length]
    return replace(
        sentence, tokens=kept, first=moved(sentence.first), second=moved(sentence.second)
    )


def _with_marks(sentence: MarkedSentence) -> tuple[tuple[str, ...], list[int]]:
    """Tokens with signs around both entities, and which token of the sentence each is, -1 for a sign."""
    tokens: list[str] = []
    origin: list[int] = []
    spans = (sentence.first, sentence.second)
    for number in range(len(sentence.tokens) + 1):
        for end in (1, 0):  # a sign that closes comes before one that opens
            for sign, span in zip(_MARKS, spans, strict=True):
                if span[end] == number:
                    tokens.append(sign)
                    origin.append(-1)
        if number < len(sentence.tokens):
            tokens.append(sentence.tokens[number])
            origin.append(number)
    return tuple(tokens), origin
