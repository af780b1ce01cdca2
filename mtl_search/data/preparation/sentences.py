"""Sentences with two marked entities → views of their tokens or sub-words."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from mtl_search.data.preparation.base import Field, Preparation, Prepared, RowError, TokenText
from mtl_search.data.preprocessing.encoders import (
    EncoderSource,
    encoder_source,
    write_encoder,
)
from mtl_search.data.preprocessing.marked_sentences import (
    EncodedSentences,
    encode_subwords,
    encode_tokens,
)
from mtl_search.data.preprocessing.token_vectors import FrozenEncoder, token_vectors
from mtl_search.data.preprocessing.token_windows import Windows, choose_windows
from mtl_search.data.preprocessing.vocabulary import token_numbers
from mtl_search.data.readers.csv_format import CsvFormat
from mtl_search.data.readers.memmap import MemmapArray
from mtl_search.data.readers.semeval_text import (
    LocatedTokens,
    MarkedTokens,
    Span,
    locate_marked,
    locate_plain,
    sentences_of,
)
from mtl_search.data.readers.table_batches import read_batches
from mtl_search.data.readers.tables import table_suffix
from mtl_search.data.types import InputArray
from mtl_search.errors import ConfigError, DataError, listed

_EXAMPLE = "The <e1>child</e1> was carefully wrapped into the <e2>cradle</e2>."
_COLUMN = "sentence"


@dataclass(frozen=True)
class SentencesPreparation(Preparation):
    """How sentences become tokens or sub-words.

    A row is a sentence with marks, `"The <e1>child</e1> is in the <e2>cradle</e2>."`, or a mapping
    `{"tokens": [...], "e1": [start, stop], "e2": [start, stop]}`. Where the network reads nothing
    of the entities, sentences need no marks. A file as input is a text with a sentence a line or as
    SemEval-2010 Task 8 has it, JSON (a list, or `.jsonl`), or a table with the column `sentence`.

    Attributes:
        view: `tokens` or `subwords`.
        length: The most tokens or sub-words of a sentence.
        positions: `input` or `none`, see the data set `semeval`.
        marks: Whether marks stand around the entities, with sub-words.
        distinguish: Whether the tags tell entity 1 from entity 2.
        encoder: The encoder whose vectors or sub-words the network reads.
        vocabulary: Word → number, where there is no encoder.
        width: The least number of sub-words to which sentences are padded.
        needs_entities: Whether the network reads where the entities are.
        files: The folder where a model has the encoder with it; None: it is looked up by its name.
    """

    view: Literal["tokens", "subwords"]
    length: int
    positions: Literal["input", "none"]
    marks: bool
    distinguish: bool
    encoder: str | None = None
    vocabulary: Mapping[str, int] | None = None
    width: int = 0
    needs_entities: bool = True
    files: Path | None = field(default=None, compare=False)

    chunk: ClassVar[int] = 256
    stored_name: ClassVar[str] = "sentences"

    def transform(self, raw: Any) -> Prepared:
        """Encode sentences."""
        values = self._sequence(raw)
        located = [self._locate(row, value) for row, value in enumerate(values)]
        sentences = [one.sentence for one in located]
        try:
            encoded = self.encode(sentences)
        except ConfigError as error:
            raise DataError(
                f"the encoder {self.encoder!r}, which prepared the sentences in training, cannot "
                f"be used here: {error.problem}. Install what it says, or put the encoder there"
            ) from error
        texts = [
            TokenText(
                text=value if isinstance(value, str) else "",
                tokens=one.sentence.tokens,
                starts=tuple(start for start, _ in one.places),
                stops=tuple(stop for _, stop in one.places),
                positions=tuple(map(int, positions)),
            )
            for value, one, positions in zip(values, located, encoded.positions, strict=True)
        ]
        inputs = {view: np.asarray(x[:]) for view, x in encoded.inputs.items()}
        return Prepared(inputs, dict.fromkeys(inputs, encoded.mask), texts)

    def encode(
        self, sentences: Sequence[MarkedTokens], cache: Path | None = None
    ) -> EncodedSentences:
        """Encode sentences that are divided into tokens.

        Args:
            sentences: N sentences.
            cache: The folder where the vectors of an encoder are kept; None: in memory.

        Raises:
            ConfigError: The encoder cannot be loaded.
        """
        if self.view == "subwords":
            return encode_subwords(
                sentences,
                self._source,
                self.length,
                marked=self.marks,
                distinguish=self.distinguish,
                width=self.width,
            )
        windows = choose_windows(sentences, self.length)
        tokens = self._tokens([sentence.tokens for sentence in sentences], windows, cache)
        return encode_tokens(
            sentences,
            windows,
            tokens,
            as_views=self.positions == "none",
            distinguish=self.distinguish,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the settings and the vocabulary."""
        return {
            "view": self.view,
            "length": self.length,
            "positions": self.positions,
            "marks": self.marks,
            "distinguish": self.distinguish,
            "encoder": self.encoder,
            # In the order of their numbers, which begin with 2.
            "words": None if self.vocabulary is None else list(self.vocabulary),
            "width": self.width,
        }

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> SentencesPreparation:
        """Read what `to_json` returned."""
        settings = dict(tree)
        words = settings.pop("words")
        vocabulary = None
        if words is not None:
            vocabulary = {word: number for number, word in enumerate(words, start=2)}
        return cls(**settings, vocabulary=vocabulary)

    @property
    def has_files(self) -> bool:
        """Whether an encoder prepares the sentences."""
        return self.encoder is not None

    def write_files(self, folder: Path) -> None:
        """Write the encoder: its tokenizer, and its weights where its vectors are read."""
        try:
            source = self._source.name
            write_encoder("encoder", source, folder, weights=self.view == "tokens")
        except ConfigError as error:
            raise DataError(
                f"the model cannot take along the encoder {self.encoder!r}, which prepared the "
                f"sentences in training: {error.problem}. Put it there, or save the model elsewhere"
            ) from error

    def with_files(self, folder: Path) -> SentencesPreparation:
        """Return a preparation whose encoder is in this folder."""
        return replace(self, files=folder) if self.has_files else self

    @property
    def _source(self) -> EncoderSource:
        return encoder_source("encoder", self.encoder if self.files is None else str(self.files))

    def describe(self) -> tuple[Field, ...]:
        """Return the one field: a sentence with marks."""
        return (Field(_COLUMN, "sentence", "str"),)

    def example(self) -> list[str]:
        """Return one sentence."""
        return [_EXAMPLE]

    def read(self, path: Path, size: int) -> Iterator[list[Any]]:
        """Yield the sentences of a file, `size` at a time."""
        if table_suffix(path) is not None:
            for frame in read_batches(path, CsvFormat(), size, [_COLUMN]):
                yield self._sequence(frame)
            return
        try:
            text = path.read_text(encoding="utf-8-sig")
            if path.suffix == ".json":
                rows = json.loads(text)
            elif path.suffix in (".jsonl", ".ndjson"):
                rows = [json.loads(line) for line in text.split("\n") if line.strip()]
            else:
                rows = sentences_of(text.split("\n"))
        except (OSError, ValueError) as error:
            raise DataError(f"cannot read sentences from {path}: {error}") from None
        if not isinstance(rows, list):
            raise DataError(f"{path} holds a {type(rows).__name__}; a list of sentences is needed")
        yield from self.batches(rows, size)

    def batches(self, raw: Any, size: int) -> Iterator[Any]:
        """Yield sentences, `size` at a time."""
        if isinstance(raw, str) and ("<e1>" in raw or "\n" in raw):
            raise DataError("the input is one sentence; a list of sentences is needed")
        yield from super().batches(raw, size)

    def for_views(self, views: Collection[str]) -> SentencesPreparation:
        """Return a preparation of sentences without marks, where the network reads none."""
        reads_spans = bool({"position1", "position2", "spans"} & set(views))
        in_tokens = self.positions == "input" if self.view == "tokens" else self.marks
        return replace(self, needs_entities=reads_spans or in_tokens)

    def _tokens(
        self, texts: Sequence[Sequence[str]], windows: Windows, cache: Path | None
    ) -> InputArray:
        """Return numbers (N, T) or vectors (N, T, W) of the kept tokens."""
        if self.encoder is None:
            return token_numbers(texts, dict(self.vocabulary or {}), windows)
        if cache is not None:
            file = token_vectors("encoder", self.encoder, texts, windows, cache)
            return MemmapArray(file, fingerprint=file.stem)
        encoder = _frozen_encoder(self._source)
        # In the precision of the cache that training read.
        vectors = np.zeros((len(texts), windows.size, encoder.width), np.float16)
        encoder.write(vectors, texts, windows)
        return vectors.astype(np.float32)

    def _sequence(self, raw: Any) -> list[Any]:
        """Return the sentences of a list, a column or a data frame."""
        if isinstance(raw, Mapping) or hasattr(raw, "columns"):
            names = list(raw.columns if hasattr(raw, "columns") else raw)
            if _COLUMN not in names:
                raise DataError(f"the input has no column {_COLUMN!r}; it has: {listed(names)}")
            raw = raw[_COLUMN]
        if isinstance(raw, str) or not hasattr(raw, "__iter__"):
            raise DataError(f"the input is a {type(raw).__name__}; a list of sentences is needed")
        return list(raw)

    def _locate(self, row: int, value: Any) -> LocatedTokens:
        """Return the tokens of a row.

        Raises:
            RowError: It is no sentence, or has no marks.
        """
        if isinstance(value, Mapping):
            # Entities that nothing reads are the first token, as of a text without marks.
            nowhere = {} if self.needs_entities else {"e1": (0, 1), "e2": (0, 1)}
            return _located_tokens(row, {**nowhere, **value})
        if not isinstance(value, str):
            raise RowError("row", row, f" is a {type(value).__name__}; a sentence is needed")
        if not self.needs_entities and (plain := locate_plain(value)) is not None:
            return plain
        try:
            return locate_marked(value, "")
        except DataError as error:
            raise RowError("row", row, str(error)) from None


def _located_tokens(row: int, value: Mapping[str, Any]) -> LocatedTokens:
    """Return the tokens that a mapping gives.

    Raises:
        RowError: It lacks tokens or entities, or an entity is outside of the sentence.
    """
    try:
        tokens = tuple(map(str, value["tokens"]))
        first, second = (Span(*map(int, value[key])) for key in ("e1", "e2"))
    except (KeyError, TypeError, ValueError) as error:
        problem = f'; needed: {{"tokens": [...], "e1": [start, stop], "e2": ...}} ({error!r})'
        raise RowError("row", row, problem) from None
    for span in (first, second):
        if not 0 <= span.start < span.stop <= len(tokens):
            problem = f" has an entity from {span.start} to {span.stop} of {len(tokens)} tokens"
            raise RowError("row", row, problem)
    places = [(number, number + 1) for number in range(len(tokens))]
    return LocatedTokens(MarkedTokens(tokens, first, second), places)


@lru_cache(maxsize=1)
def _frozen_encoder(source: EncoderSource) -> FrozenEncoder:
    return FrozenEncoder("encoder", source.name)
