"""Relations between marked entities and the entities themselves: SemEval-2010 Task 8 as text."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mtl_search.config.checks import check_choice, check_int, check_number
from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.datasets.split_options import OfficialSplit
from mtl_search.data.preparation.sentences import SentencesPreparation
from mtl_search.data.preprocessing.vocabulary import fit_vocabulary
from mtl_search.data.readers.cache import cache_folder
from mtl_search.data.readers.paths import find_file
from mtl_search.data.readers.semeval_text import (
    DIRECTED,
    UNDIRECTED,
    MarkedSentence,
    read_marked,
    undirected,
)
from mtl_search.data.types import Array
from mtl_search.errors import ConfigError, DataError

logger = logging.getLogger(__name__)

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

    distinguish = tags == "e1e2"
    words = None
    if encoder is None:
        most_words = check_int(vocabulary, "data.vocabulary", low=3)
        words = fit_vocabulary([sentences[row].tokens for row in splits["train"]], most_words)
    preparation = SentencesPreparation(
        "subwords" if view == "subwords" else "tokens",
        size,
        "none" if positions == "none" else "input",
        marks=marks,
        distinguish=distinguish,
        encoder=encoder,
        vocabulary=words,
    )
    encoded = preparation.encode(sentences, cache_folder("cache", cache) / "token_vectors")
    if view == "subwords":
        preparation = replace(preparation, width=encoded.mask.shape[1])
    targets = {"relation": _relations(sentences, directed=directed), "entities": encoded.entities}
    masks = dict.fromkeys(encoded.inputs, encoded.mask)
    return DataSet(encoded.inputs, targets, splits, masks, preparation=preparation)


def _official_split(arguments: Mapping[str, Any]) -> OfficialSplit:
    why = "sentences of the same words stay together, and words are numbered by training sentences"
    return OfficialSplit("test", why)


semeval.official_split = _official_split  # type: ignore[attr-defined]
# A smoke test must not compute vectors of all sentences, which takes minutes.
semeval.smoke = {"limit": 400}  # type: ignore[attr-defined]


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
